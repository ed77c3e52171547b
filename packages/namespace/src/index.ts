/**
 * @etcdts/namespace confines a client to the keys behind one prefix. The application does not see the prefix.
 *
 *     const client = createClient({ endpoints: 'localhost:2379' });
 *     const tenant = withNamespace(client, 'tenants/42/');
 *     await tenant.kv.put('colour', 'blue');              // etcd has tenants/42/colour
 *     for await (const { events } of tenant.watch('', { prefix: true })) …   // keys without tenants/42/
 *
 * Every key, range, compare, nested transaction, watch and lease goes through the wrapper, in both directions; what
 * cannot be confined is refused with `NAMESPACE_VIOLATION`. A namespace has no cluster, no maintenance and no way to the
 * client beneath; namespaces nest. docs/namespaces.md lists what is guaranteed and what is not.
 *
 * @packageDocumentation
 */
import { checkOptions, invalidArgument, toBytes, toInt64, wrapClient } from '@etcdts/core/plugin';
import type { ClientSite, OptionChecks, ServiceWrappers } from '@etcdts/core/plugin';
import type { Bytes, EtcdOperations } from '@etcdts/core';
import { scopeKV } from './kv.ts';
import { LeaseRegistry } from './lease-registry.ts';
import { scopeLease } from './lease.ts';
import { Scope } from './range.ts';
import { scopeWatch } from './watch.ts';

/** Options of `withNamespace`. */
export interface NamespaceOptions {
  /**
   * Whether the prefix may end in anything but a delimiter. Such a namespace contains its neighbours: `app` reaches `app2/x` by
   * the key `2/x`. Defaults to false.
   */
  anyPrefix?: boolean | undefined;
  /** Whether `compact` is allowed, although it destroys the history of the whole store. Defaults to false. */
  allowCompact?: boolean | undefined;
  /**
   * Which leases may be used: only those granted through this namespace, or any lease of etcd, as with clientv3. Defaults to
   * `'own'`.
   */
  leases?: 'own' | 'any' | undefined;
  /** Leases that count as own although they were granted elsewhere, by an earlier process or by another client. */
  adoptLeases?: readonly (bigint | number)[] | undefined;
}

/** A client that is confined to the keys behind `prefix`. Operations that cannot be confined are missing or refused. */
export interface NamespacedClient extends EtcdOperations, AsyncDisposable {
  /** A copy of the prefix. */
  readonly prefix: Buffer;
}

/**
 * Makes a client that is confined to the keys behind `prefix`. It does not change `client`, which may itself be a namespace.
 *
 * The prefix must end in a delimiter: an ASCII byte that is not a letter, a digit, `-` or `_`. Throws
 * `INVALID_ARGUMENT` for any other, for an empty and for an ill-formed one. Comes from clientv3's namespace package.
 */
export function withNamespace(client: EtcdOperations, prefix: Bytes, options: NamespaceOptions = {}): NamespacedClient {
  // It reads only own properties, each once, so that neither a polluted Object.prototype nor a getter opens a namespace.
  const own: NamespaceOptions = { __proto__: null, ...options } as NamespaceOptions;
  checkOptions(typeof options === 'object' && options !== null ? own : options, NAMESPACE_OPTIONS);
  const { anyPrefix = false, allowCompact = false, leases = 'own', adoptLeases = [] } = own;
  const scope = new Scope(toPrefix(prefix, anyPrefix));
  if (!Array.isArray(adoptLeases)) throw invalidArgument('adoptLeases', 'must be an array of lease ids');
  const adopted = (adoptLeases as readonly (bigint | number)[]).map((id, i) => toInt64(id, `adoptLeases[${i}]`));
  if (leases !== 'own' && leases !== 'any') throw invalidArgument('leases', "must be 'own' or 'any'");
  const wrap = ({ clock }: ClientSite): ServiceWrappers => {
    const registry = new LeaseRegistry(() => clock.now(), leases === 'any', adopted);
    return {
      kv: (next) => scopeKV(next, scope, registry, allowCompact),
      watch: (next) => scopeWatch(next, scope),
      lease: (next) => scopeLease(next, scope, registry),
    };
  };
  const members = {
    get prefix(): Buffer {
      return Buffer.from(scope.prefix);
    },
  };
  return wrapClient(client, wrap, members);
}

const NAMESPACE_OPTIONS: OptionChecks<NamespaceOptions> = {
  anyPrefix: 'boolean',
  allowCompact: 'boolean',
  leases: true,
  adoptLeases: true,
};

function toPrefix(prefix: Bytes, anyPrefix: boolean): Buffer {
  const bytes = toBytes(prefix, 'prefix');
  if (bytes.length === 0) throw invalidArgument('prefix', 'must not be empty: it would be the whole keyspace');
  if (!anyPrefix && !isDelimiter(bytes[bytes.length - 1] as number)) {
    throw invalidArgument('prefix', 'must end in a delimiter, such as "/", or contain its neighbours; see anyPrefix');
  }
  return bytes;
}

/** Whether a byte is ASCII and not part of a name. Bytes from 0x80 on are parts of letters. */
function isDelimiter(byte: number): boolean {
  return byte < 0x80 && !/[\w-]/.test(String.fromCharCode(byte));
}
