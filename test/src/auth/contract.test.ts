// on both transports
// limit: 240 s
import { startEtcd } from '@etcdts/testing';
import { authSuite, authTokenSuite } from './contract.ts';
import { startAuthEtcd } from './auth-etcd.ts';

const start = () => startEtcd({ extraArgs: ['--bcrypt-cost=4'] });

const simple = authSuite('auth', () => startAuthEtcd('simple'), start);
simple.run();

const jwt = authTokenSuite('auth with JWTs', () => startAuthEtcd('jwt'));
jwt.run();
