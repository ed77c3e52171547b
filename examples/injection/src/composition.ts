// The one file that knows what is made of what. Factories instead of decorators: the classes do not know of tsyringe.
import 'reflect-metadata';
import { createClient, type EtcdClient, type EtcdOperations } from '@etcdts/core';
import { container, instanceCachingFactory, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { Audit, type Clock, type Journal } from './audit.ts';
import { Greetings } from './greetings.ts';

export const endpoints: InjectionToken<readonly string[]> = Symbol('endpoints');
export const journal: InjectionToken<Journal> = Symbol('journal');
export const clock: InjectionToken<Clock> = Symbol('clock');
export const etcd: InjectionToken<EtcdClient> = Symbol('etcd');

/** Composes the application; a test registers other journals and clocks in what it gets. */
export function compose(): DependencyContainer {
  const application = container.createChildContainer();
  application.registerInstance(journal, { write: (line) => console.log(`journal  ${line}`) });
  application.registerInstance(clock, performance);
  application.register(Audit, { useFactory: (from) => new Audit(from.resolve(journal), from.resolve(clock)) });
  application.register(etcd, {
    // The client resolves the interceptor from the container that it is given, once, when it is made.
    useFactory: instanceCachingFactory((from) =>
      createClient({ endpoints: from.resolve(endpoints), interceptors: [Audit], container: from }),
    ),
  });
  application.register(Greetings, {
    useFactory: (from) => new Greetings(from.resolve(etcd) satisfies EtcdOperations),
  });
  return application;
}
