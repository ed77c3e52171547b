import { bindMethods, checkOptions, invalidArgument, invoke, methods, toBytes, toRange } from '@etcdts/core/plugin';
import type {
  AuthHeaderResponse,
  AuthRoleGetResponse,
  AuthRoleListResponse,
  AuthStatusResponse,
  AuthUserGetResponse,
  AuthUserListResponse,
  Bytes,
  CallOptions,
  EtcdClient,
  Permission,
  Possible,
  RangeForms,
} from '@etcdts/core';
import type { KeyRange, Method } from '@etcdts/core/plugin';

/** Options of `authAdmin`. */
export interface AuthAdminOptions {
  /** Whether passwords may go over plain HTTP to other machines. Off by default: such calls fail with `INSECURE_ENDPOINT`. */
  allowInsecure?: boolean | undefined;
}

/** A permission on a key, or on a range in one of its forms (authpb.Permission). */
export interface PermissionOptions extends RangeForms {
  /** What is permitted there: reads, writes, or both. */
  type: Permission['type'];
  /** The key, or the first key of the range. With `prefix` or `fromKey` it may be empty, which means every key. */
  key: Bytes;
}

/**
 * etcd's users and roles (clientv3/auth.go; etcdserverpb.Auth). With authentication on, every operation needs the role `root` and
 * otherwise fails with `PERMISSION_DENIED`, except `userGet` of the own user and `roleGet` of the own roles. `status` needs it on
 * some releases of etcd, such as 3.6.14, and not on others, such as 3.7.1. Empty names are refused before anything is sent. A
 * change that may have reached etcd is never repeated.
 */
export interface Auth {
  /** Switches authentication on. Fails with `ROOT_USER_NOT_EXIST`, or with `ROOT_ROLE_NOT_EXIST` if that user lacks the role. */
  enable(options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Switches authentication off. Users and roles stay. */
  disable(options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Whether authentication is on, and its revision, which each change of users and roles raises. */
  status(options?: CallOptions): Promise<AuthStatusResponse>;
  /** Adds a user. A user without a password signs in by the common name of its certificate. Fails with `USER_ALREADY_EXIST`. */
  userAdd(name: string, password: string | { noPassword: true }, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Removes a user. Fails with `USER_NOT_FOUND`, or with `INVALID_AUTH_MGMT` for root while authentication is on. */
  userDelete(name: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** A user's roles. Fails with `USER_NOT_FOUND`. */
  userGet(name: string, options?: CallOptions): Promise<AuthUserGetResponse>;
  /** The names of all users. */
  userList(options?: CallOptions): Promise<AuthUserListResponse>;
  /** Gives a user another password. Tokens of the old one end. Fails with `USER_NOT_FOUND`. */
  userChangePassword(name: string, password: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Gives a user a role. Fails with `USER_NOT_FOUND`, `ROLE_NOT_FOUND`. */
  userGrantRole(name: string, role: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Takes a role from a user. Fails with `USER_NOT_FOUND`, `ROLE_NOT_GRANTED`. */
  userRevokeRole(name: string, role: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Adds a role, which permits nothing yet. Fails with `ROLE_ALREADY_EXIST`. */
  roleAdd(role: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** Removes a role, from every user too. Fails with `ROLE_NOT_FOUND`. */
  roleDelete(role: string, options?: CallOptions): Promise<AuthHeaderResponse>;
  /** A role's permissions. Fails with `ROLE_NOT_FOUND`. */
  roleGet(role: string, options?: CallOptions): Promise<AuthRoleGetResponse>;
  /** The names of all roles. */
  roleList(options?: CallOptions): Promise<AuthRoleListResponse>;
  /** Allows a role to read, write or both. Replaces its permission on the same key or range. Fails with `ROLE_NOT_FOUND`. */
  roleGrantPermission<const P extends Possible<P, PermissionOptions>>(
    role: string,
    permission: P,
    options?: CallOptions,
  ): Promise<AuthHeaderResponse>;
  /** Revokes the permission on exactly this key or range. Fails with `ROLE_NOT_FOUND`, `PERMISSION_NOT_GRANTED`. */
  roleRevokePermission(
    role: string,
    range: Omit<PermissionOptions, 'type'>,
    options?: CallOptions,
  ): Promise<AuthHeaderResponse>;
}

/** Makes the administration of users and roles, through all interceptors of a client. It takes no namespace. */
export function authAdmin(client: EtcdClient, options: AuthAdminOptions = {}): Auth {
  checkOptions<AuthAdminOptions>(options, { allowInsecure: 'boolean' });
  return new AuthFacade(client, options.allowInsecure === true);
}

class AuthFacade implements Auth {
  readonly #client: EtcdClient;
  readonly #allowInsecure: boolean;

  constructor(client: EtcdClient, allowInsecure: boolean) {
    this.#client = client;
    this.#allowInsecure = allowInsecure;
    bindMethods(this, AuthFacade.prototype);
  }

  enable(options?: CallOptions): Promise<AuthHeaderResponse> {
    return this.#send(methods.authEnable, {}, options);
  }

  disable(options?: CallOptions): Promise<AuthHeaderResponse> {
    return this.#send(methods.authDisable, {}, options);
  }

  status(options?: CallOptions): Promise<AuthStatusResponse> {
    return this.#send(methods.authStatus, {}, options);
  }

  async userAdd(
    name: string,
    password: string | { noPassword: true },
    options?: CallOptions,
  ): Promise<AuthHeaderResponse> {
    checkUser(name);
    const noPassword = typeof password === 'object' && password?.noPassword === true;
    if (noPassword) checkOptions<{ noPassword: true }>(password, { noPassword: true }, 'password');
    else checkPassword(password);
    const request = { name, password: noPassword ? '' : (password as string), options: { noPassword } };
    return this.#send(methods.userAdd, request, this.#confidential(options));
  }

  async userDelete(name: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkUser(name);
    return this.#send(methods.userDelete, { name }, options);
  }

  async userGet(name: string, options?: CallOptions): Promise<AuthUserGetResponse> {
    checkUser(name);
    return this.#send(methods.userGet, { name }, options);
  }

  userList(options?: CallOptions): Promise<AuthUserListResponse> {
    return this.#send(methods.userList, {}, options);
  }

  async userChangePassword(name: string, password: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkUser(name);
    checkPassword(password);
    return this.#send(methods.userChangePassword, { name, password }, this.#confidential(options));
  }

  async userGrantRole(name: string, role: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkUser(name);
    checkRole(role);
    return this.#send(methods.userGrantRole, { user: name, role }, options);
  }

  async userRevokeRole(name: string, role: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkUser(name);
    checkRole(role);
    return this.#send(methods.userRevokeRole, { name, role }, options);
  }

  async roleAdd(role: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkRole(role);
    return this.#send(methods.roleAdd, { name: role }, options);
  }

  async roleDelete(role: string, options?: CallOptions): Promise<AuthHeaderResponse> {
    checkRole(role);
    return this.#send(methods.roleDelete, { role }, options);
  }

  async roleGet(role: string, options?: CallOptions): Promise<AuthRoleGetResponse> {
    checkRole(role);
    return this.#send(methods.roleGet, { role }, options);
  }

  roleList(options?: CallOptions): Promise<AuthRoleListResponse> {
    return this.#send(methods.roleList, {}, options);
  }

  async roleGrantPermission(
    role: string,
    permission: PermissionOptions,
    options?: CallOptions,
  ): Promise<AuthHeaderResponse> {
    checkRole(role);
    if (permission === undefined) throw invalidArgument('permission', 'must be given: { type, key }');
    checkOptions<PermissionOptions>(permission, { ...RANGE_OPTIONS, type: true }, 'permission');
    const { type } = permission;
    if (!TYPES.has(type)) throw invalidArgument('type', 'must be "read", "write" or "readwrite"');
    const request = { name: role, permission: { type, ...rangeOf(permission) } };
    return this.#send(methods.roleGrantPermission, request, options);
  }

  async roleRevokePermission(
    role: string,
    range: Omit<PermissionOptions, 'type'>,
    options?: CallOptions,
  ): Promise<AuthHeaderResponse> {
    checkRole(role);
    if (range === undefined) throw invalidArgument('range', 'must be given: { key }');
    checkOptions<Omit<PermissionOptions, 'type'>>(range, RANGE_OPTIONS, 'range');
    return this.#send(methods.roleRevokePermission, { role, ...rangeOf(range) }, options);
  }

  async #send<Req, Res>(method: Method<Req, Res>, request: Req, options?: CallOptions): Promise<Res> {
    return invoke(this.#client, method, request, options);
  }

  #confidential(options?: CallOptions): CallOptions {
    // What is no object of options is refused by the call.
    if (options !== undefined && (typeof options !== 'object' || options === null)) return options;
    return { ...options, confidential: options?.confidential === true || !this.#allowInsecure };
  }
}

const TYPES: ReadonlySet<string> = new Set<Permission['type']>(['read', 'write', 'readwrite']);

const RANGE_OPTIONS = { key: true, prefix: 'boolean', fromKey: 'boolean', rangeEnd: true } as const;

function rangeOf({ key, ...forms }: Omit<PermissionOptions, 'type'>): KeyRange {
  return toRange(key, forms);
}

function checkUser(name: string): void {
  checkText(name, 'name', 'USER_EMPTY');
}

function checkRole(name: string): void {
  checkText(name, 'role', 'ROLE_EMPTY');
}

function checkPassword(password: unknown): void {
  checkText(password, 'password', 'INVALID_ARGUMENT');
}

function checkText(text: unknown, argument: string, code: 'USER_EMPTY' | 'ROLE_EMPTY' | 'INVALID_ARGUMENT'): void {
  if (typeof text !== 'string') throw invalidArgument(argument, 'must be a string');
  if (text === '') throw invalidArgument(argument, 'must not be empty', code);
  // It throws for a lone surrogate, which would be another name on the wire.
  toBytes(text, argument);
}
