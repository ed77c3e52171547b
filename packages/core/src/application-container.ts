import { container, type DependencyContainer } from 'tsyringe';

/**
 * Returns the global container of the application's own tsyringe, which has what the application's decorators have registered.
 *
 * The published core bundles a tsyringe of its own, because the thirty files of tsyringe cost a tenth of the start of a process.
 * The application's tsyringe is loaded only if an interceptor is given as a token without a container.
 */
export function applicationContainer(): DependencyContainer {
  return container;
}
