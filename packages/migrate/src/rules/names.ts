import ts from 'typescript';
import type { Migration } from '../migration.ts';
import { declaresEtcd3 } from '../program.ts';

const CORE = '@etcdts/core';
/** Types, and what they are called here. */
const TYPES: Readonly<Record<string, readonly [name: string, module: string] | undefined>> = {
  Etcd3: ['EtcdClient', CORE],
  Namespace: ['EtcdOperations', CORE],
  IOptions: ['ClientOptions', CORE],
  Watcher: ['WatchStream', CORE],
  EtcdError: ['EtcdError', CORE],
  SoftwareTransaction: ['Transaction', '@etcdts/concurrency'],
  IKeyValue: ['KeyValue', CORE],
  IResponseHeader: ['ResponseHeader', CORE],
  IRangeResponse: ['GetResponse', CORE],
  IPutResponse: ['PutResponse', CORE],
  IDeleteRangeResponse: ['DeleteResponse', CORE],
  IWatchResponse: ['WatchResponse', CORE],
  IEvent: ['WatchEvent', CORE],
};

/** Errors with one code. */
const CODES: Readonly<Record<string, string | undefined>> = {
  EtcdRoleExistsError: 'ROLE_ALREADY_EXIST',
  EtcdUserExistsError: 'USER_ALREADY_EXIST',
  EtcdRoleNotGrantedError: 'ROLE_NOT_GRANTED',
  EtcdRoleNotFoundError: 'ROLE_NOT_FOUND',
  EtcdUserNotFoundError: 'USER_NOT_FOUND',
  EtcdAuthenticationFailedError: 'AUTH_FAILED',
  EtcdPermissionDeniedError: 'PERMISSION_DENIED',
  EtcdInvalidAuthTokenError: 'INVALID_AUTH_TOKEN',
  EtcdLeaseInvalidError: 'LEASE_NOT_FOUND',
  STMConflictError: 'TRANSACTION_CONFLICT',
  NotCampaigningError: 'ELECTION_NOT_LEADER',
  ClientClosedError: 'CLIENT_CLOSED',
};

/** Errors of gRPC's codes, which are those of `grpcCode`. */
const GRPC_CODES: Readonly<Record<string, number | undefined>> = {
  ...{ GRPCCancelledError: 1, GRPCUnknownError: 2, GRPCInvalidArgumentError: 3, GRPCDeadlineExceededError: 4 },
  ...{ GRPCNotFoundError: 5, GRPCAlreadyExistsError: 6, GRPCResourceExhastedError: 8, GRPCFailedPreconditionError: 9 },
  ...{ GRPCAbortedError: 10, GRPCOutOfRangeError: 11, GRPCNotImplementedError: 12, GRPCInternalError: 13 },
  ...{ GRPCUnavailableError: 14, GRPCDataLossError: 15, GRPCUnauthenticatedError: 16 },
};

/** `client: Etcd3`, and the classes of errors. */
export function names(migration: Migration, node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword)
    return instance(migration, node);
  if (!ts.isTypeReferenceNode(node)) return undefined;
  const [name, module] = TYPES[etcd3Name(migration, node.typeName) ?? ''] ?? [];
  if (name === undefined || module === undefined) return undefined;
  migration.count('types');
  return migration.imports.use(name, module, 'type');
}

function instance(migration: Migration, { left, right, parent }: ts.BinaryExpression): string | undefined {
  const name = etcd3Name(migration, right);
  if (name === undefined) return undefined;
  const code = CODES[name];
  const grpc = GRPC_CODES[name];
  const error = migration.render(left);
  if (code === undefined && grpc === undefined && name !== 'EtcdError' && name !== 'GRPCGenericError') return undefined;
  if (grpc !== undefined && !ts.isIdentifier(left)) return undefined;
  migration.count('errors');
  const check = migration.imports.use('isEtcdError', CORE);
  if (grpc === undefined) return `${check}(${error}${code === undefined ? '' : `, '${code}'`})`;
  const text = `${check}(${error}) && ${error}.grpcCode === ${grpc}`;
  return ts.isIfStatement(parent) || ts.isParenthesizedExpression(parent) ? text : `(${text})`;
}

/** The name that something of etcd3 has there. */
function etcd3Name({ kinds: { checker } }: Migration, node: ts.Node): string | undefined {
  const symbol = checker.getSymbolAtLocation(node);
  const own = symbol && (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
  const from = own?.declarations?.some((one) => declaresEtcd3(one.getSourceFile())) ?? false;
  return from ? own?.name : undefined;
}
