import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assert, suite } from '@etcdts/testing';
import { rpcs } from './codec/oracle.test.kit.ts';
import { methods } from './methods.ts';

const test = suite('methods');

test('hold every RPC of the protos, with its path and kind, and no other', () => {
  const kind = (client: boolean, server: boolean): string => (client ? 'bidi' : server ? 'serverStream' : 'unary');
  const declared = rpcs.map(({ path, requestStream, responseStream }) => [path, kind(requestStream, responseStream)]);
  const ours = Object.values(methods).map(({ path, kind }) => [path, kind]);
  assert.equal(Object.fromEntries(ours), Object.fromEntries(declared));
  assert.is(ours.length, declared.length, 'no path twice');
});

test('name the service and RPC that their path is made of, and have both as their label', () => {
  for (const { path, service, name, label } of Object.values(methods)) {
    assert.is(path, `/${service}/${name}`);
    assert.is(`etcdserverpb.${label}`, `${service}.${name}`);
  }
  assert.is(methods.put.label, 'KV.Put');
  assert.is(methods.hashKv.label, 'Maintenance.HashKV');
});

test('the descriptor is what scripts/gen-proto.mjs makes of the protos', () => {
  const script = fileURLToPath(new URL('../../../scripts/gen-proto.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
});

test.run();
