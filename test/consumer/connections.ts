// The contract of connections, which includes what core takes from the inside of grpc-js.
import { grpcTransport } from '@etcdts/core/plugin';
import { connectionContract, suite } from '@etcdts/testing';

const test = suite('the connections of grpc-js');
connectionContract(test, () => grpcTransport());
test.run();
