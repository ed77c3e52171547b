import * as etcd3 from 'etcd3';

// Nothing here has a type: that of `etcd` follows from the call.
class Settings {
  constructor(etcd) {
    this.etcd = etcd;
    this.own = etcd.namespace('settings/');
    this.cache = new Map();
  }

  async save(name, value) {
    this.cache.delete(name);
    await this.own.put(name).value(value);
  }

  async load(name) {
    if (!this.cache.has(name)) this.cache.set(name, await this.own.get(name).string());
    return this.cache.get(name);
  }
}

async function removeAll(store) {
  const { deleted } = await store.delete().prefix('settings/');
  return Number(deleted);
}

const client = new etcd3.Etcd3({ hosts: process.env.ETCD_ENDPOINT });
const settings = new Settings(client);
await settings.save('colour', 'blue');
await settings.save('shape', 'round');
console.log(await settings.load('colour'), await settings.load('size'));
console.log(await client.getAll().prefix('settings/').strings());
console.log(await removeAll(client));
client.close();
