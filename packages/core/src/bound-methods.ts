/**
 * Binds the methods of a prototype to one object, as its own members: `const { get } = client.kv` works, and so does
 * `process.once('SIGTERM', client.close)`.
 */
export function bindMethods(instance: object, prototype: object): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value === 'function' && name !== 'constructor') Reflect.set(instance, name, value.bind(instance));
  }
}
