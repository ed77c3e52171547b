import { connect, type NetConnectOpts } from 'node:net';
import { assert, suite } from '@etcdts/testing';
import { parseEndpoint } from '../endpoints.ts';
import { targetOf } from './resolver.ts';

const test = suite('resolver');

test('an address cannot be connected to any more once its signal is aborted', () => {
  for (const endpoint of ['127.0.0.1:1', 'unix:/nowhere']) {
    const closing = new AbortController();
    const { options } = targetOf(parseEndpoint(endpoint, false, 'endpoint'), closing.signal);
    const address = options['etcdts.address'] as NetConnectOpts;
    assert.is(address.signal, closing.signal);
    closing.abort();
    assert.throws(() => connect(address), /abort/);
  }
});

test.run();
