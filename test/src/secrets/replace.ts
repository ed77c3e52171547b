export type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Replaces a method, if there is one; `around` is given the old one, and the new one is called as the old one was. */
export function replace(holder: object, name: PropertyKey, around: (old: Callable) => Callable): void {
  const methods = holder as Record<PropertyKey, Callable | undefined>;
  const old = methods[name];
  if (old !== undefined) methods[name] = around(old);
}

/** Looks at each call of a method before it is made. */
export function lookAt(holder: object, name: PropertyKey, look: (self: unknown, args: unknown[]) => void): void {
  replace(
    holder,
    name,
    (old) =>
      function (...args) {
        look(this, args);
        return Reflect.apply(old, this, args);
      },
  );
}
