import { Etcd3 } from 'etcd3';

interface Settings {
  readonly retries: number;
}

const client = new Etcd3({ hosts: [process.env['ETCD_ENDPOINT'] as string] });
await client.put('settings').value(JSON.stringify({ retries: 3, hosts: ['a', 'b'] }));

const settings = (await client.get('settings').json()) as Settings;
console.log(settings.retries + 1, settings);
console.log(await client.get('nothing').json());
await client.put('settings').value('{');
await client
  .get('settings')
  .json()
  .catch((error: Error) => console.log('no JSON:', error instanceof SyntaxError));
client.close();
