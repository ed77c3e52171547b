import type { ClientSite, Interceptor, InterceptorSite } from '@etcdts/core/plugin';

/**
 * Returns an interceptor whose site has parts of the test's own, such as a `FakeClock`, random numbers or a logger:
 *
 *     const clock = new FakeClock();
 *     createClient({ endpoints, interceptors: [withSite(retry(), { clock, random: () => 1 })] });
 */
export function withSite(interceptor: Interceptor, parts: Partial<ClientSite>): Interceptor {
  // There is one new site for each original site, because interceptors keep state by it.
  const sites = new WeakMap<InterceptorSite, InterceptorSite>();
  const changed = (site: InterceptorSite): InterceptorSite => {
    const known = sites.get(site) ?? { ...site, ...parts };
    sites.set(site, known);
    return known;
  };
  return {
    name: interceptor.name,
    options: interceptor.options,
    unary: (next, method, site) => interceptor.unary?.(next, method, changed(site)) ?? next,
    stream: (next, method, site) => interceptor.stream?.(next, method, changed(site)) ?? next,
  };
}
