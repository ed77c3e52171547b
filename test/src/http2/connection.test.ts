import { http2Transport } from '@etcdts/http2';
import { connectionContract, suite } from '@etcdts/testing';

const test = suite('connection contract on http2');
connectionContract(test, http2Transport);
test.run();
