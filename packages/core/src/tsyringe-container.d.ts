// tsyringe has no types beside the file that container.ts loads.
declare module 'tsyringe/dist/cjs/dependency-container.js' {
  import type { DependencyContainer } from 'tsyringe';

  /** The global container, as `container` of the package's entry. */
  export const instance: DependencyContainer;
}
