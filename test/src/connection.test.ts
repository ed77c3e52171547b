import { grpcTransport } from '@etcdts/core/plugin';
import { connectionContract, suite } from '@etcdts/testing';

const test = suite('connection contract on grpc-js');
connectionContract(test, grpcTransport);
test.run();
