// An application on the transport of @etcdts/http2: hot and cold calls, a watch and a lease, at ETCD_ENDPOINT.
import { strict as assert } from 'node:assert';
import { createClient } from '@etcdts/core';
import { http2Transport, type Http2TransportOptions } from '@etcdts/http2';

const options: Http2TransportOptions = { windowBytes: 1 << 21 };

async function main(): Promise<void> {
  const client = createClient({ endpoints: process.env['ETCD_ENDPOINT'] ?? '', transport: http2Transport(options) });
  assert.equal(client.describe().transport, '@etcdts/http2');
  const { header } = await client.kv.put('colour', 'blue');
  assert.equal((await client.kv.get('colour')).kvs[0]?.text(), 'blue');
  for await (const { kv } of client.watch('colour', { startRevision: header.revision }).events()) {
    assert.equal(kv.text(), 'blue');
    break;
  }
  const { id } = await client.lease.grant(30);
  assert.equal((await client.lease.keepAliveOnce(id)).id, id);
  await client.lease.revoke(id);
  assert.ok((await client.cluster.memberList()).members.length > 0);
  await client.close();
  console.log('done');
}

void main();
