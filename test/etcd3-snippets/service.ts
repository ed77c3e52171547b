import { Etcd3, type Watcher } from 'etcd3';

interface Config {
  readonly retries: number;
}

class Service {
  private readonly etcd: Etcd3;
  private watcher?: Watcher;
  readonly seen: Config[] = [];

  constructor(hosts: string[]) {
    this.etcd = new Etcd3({ hosts });
  }

  async load(): Promise<Config> {
    const raw = await this.etcd.get('config').string();
    return raw ? (JSON.parse(raw) as Config) : { retries: 3 };
  }

  async save(config: Config) {
    await this.etcd.put('config').value(JSON.stringify(config));
  }

  async follow() {
    this.watcher = await this.etcd.watch().key('config').create();
    this.watcher.on('put', (kv) => {
      this.seen.push(JSON.parse(kv.value.toString()) as Config);
    });
  }

  async register(name: string) {
    const lease = this.etcd.lease(10);
    await lease.put(`services/${name}`).value(process.pid);
    lease.on('lost', async (error) => {
      console.error('lost', error.message);
      await this.register(name);
    });
    return () => lease.revoke();
  }

  services = () => this.etcd.getAll().prefix('services/').keys();

  async stop() {
    await this.watcher?.cancel();
    this.etcd?.close();
  }
}

const service = new Service([process.env['ETCD_ENDPOINT'] as string]);
console.log(await service.load());
await service.follow();
await service.save({ retries: 5 });
while (service.seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
const leave = await service.register('one');
console.log(await service.load(), service.seen, await service.services());
await leave();
console.log(await service.services());
await service.stop();
