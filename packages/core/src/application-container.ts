import { container, type DependencyContainer } from 'tsyringe';

/**
 * The global container of the application's own tsyringe: what its decorators have registered is known there.
 *
 * In its published form core brings a tsyringe within its one file, for loading tsyringe's thirty files costs a tenth of the
 * start of a process; this one is loaded when an interceptor is given as a token and no container with it.
 */
export function applicationContainer(): DependencyContainer {
  return container;
}
