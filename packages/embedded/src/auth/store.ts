import type { Permission } from '../messages.ts';
import { status, verdict } from '../status.ts';
import { permits, isValidRange, type Access } from './permissions.ts';
import { hashPassword, isPassword, type HashedPassword } from './passwords.ts';
import type { SimpleTokens } from './tokens.ts';

const ROOT = 'root';
/** etcd has no gRPC error for this text. */
const NO_PASSWORD = 'auth: authentication failed, password was given for no password user';
const EMPTY = Buffer.alloc(0);
const EVERYTHING: Permission = { permType: 2, key: EMPTY, rangeEnd: Buffer.alloc(1) };

interface User {
  readonly roles: Set<string>;
  /** Whether the user has a certificate, and cannot sign in with a password. */
  readonly noPassword: boolean;
  /** `undefined` means that no password fits. */
  password: HashedPassword | undefined;
}

/** Users, roles and permissions, and whether they are enforced (server/auth/store.go). */
export class AuthStore {
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Permission[]>();
  readonly #tokens: SimpleTokens;
  #enabled = false;
  #revision = 1;

  constructor(tokens: SimpleTokens) {
    this.#tokens = tokens;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Counts the changes of users, roles and permissions. */
  get revision(): number {
    return this.#revision;
  }

  enable(): void {
    if (this.#enabled) return;
    const root = this.#users.get(ROOT);
    if (root === undefined) throw verdict('ROOT_USER_NOT_EXIST');
    if (!root.roles.has(ROOT)) throw verdict('ROOT_ROLE_NOT_EXIST');
    this.#enabled = true;
  }

  disable(): void {
    if (!this.#enabled) return;
    this.#enabled = false;
    this.#revision++;
    this.#tokens.invalidate();
  }

  /** Signs a user in. `index` becomes part of the token. */
  authenticate(name: string, password: string, index: number): string {
    if (!this.#enabled) throw verdict('AUTH_NOT_ENABLED');
    const user = this.#users.get(name);
    if (user === undefined) throw verdict('AUTH_FAILED');
    if (user.noPassword) throw status('UNKNOWN', NO_PASSWORD);
    if (user.password === undefined || !isPassword(user.password, password)) throw verdict('AUTH_FAILED');
    return this.#tokens.assign(name, index);
  }

  /** The user of a token. */
  userOf(token: string): string {
    const user = this.#tokens.userOf(token);
    if (user === undefined) throw verdict('INVALID_AUTH_TOKEN');
    return user;
  }

  addUser(name: string, password: string, noPassword: boolean): void {
    if (name === '') throw verdict('USER_EMPTY');
    if (this.#users.has(name)) throw verdict('USER_ALREADY_EXIST');
    this.#users.set(name, { roles: new Set(), noPassword, password: noPassword ? undefined : hashPassword(password) });
    this.#revision++;
  }

  deleteUser(name: string): void {
    if (this.#enabled && name === ROOT) throw verdict('INVALID_AUTH_MGMT');
    this.#user(name);
    this.#users.delete(name);
    this.#revision++;
    this.#tokens.invalidate(name);
  }

  changePassword(name: string, password: string): void {
    const user = this.#user(name);
    // etcd stores an empty password without a hash, so that no password fits.
    user.password = user.noPassword || password === '' ? undefined : hashPassword(password);
    this.#revision++;
    this.#tokens.invalidate(name);
  }

  grantRole(name: string, role: string): void {
    const { roles } = this.#user(name);
    if (role !== ROOT) this.#role(role);
    if (roles.has(role)) return;
    roles.add(role);
    this.#revision++;
  }

  revokeRole(name: string, role: string): void {
    if (this.#enabled && name === ROOT && role === ROOT) throw verdict('INVALID_AUTH_MGMT');
    if (!this.#user(name).roles.delete(role)) throw verdict('ROLE_NOT_GRANTED');
    this.#revision++;
  }

  /** The user's roles, sorted. */
  rolesOf(name: string): string[] {
    return sorted(this.#user(name).roles);
  }

  hasRole(name: string, role: string): boolean {
    return this.#users.get(name)?.roles.has(role) === true;
  }

  users(): string[] {
    return sorted(this.#users.keys());
  }

  addRole(name: string): void {
    if (name === '') throw verdict('ROLE_EMPTY');
    if (this.#roles.has(name)) throw verdict('ROLE_ALREADY_EXIST');
    this.#roles.set(name, []);
    this.#revision++;
  }

  deleteRole(name: string): void {
    if (this.#enabled && name === ROOT) throw verdict('INVALID_AUTH_MGMT');
    this.#role(name);
    this.#roles.delete(name);
    for (const { roles } of this.#users.values()) roles.delete(name);
    this.#revision++;
  }

  permissionsOf(name: string): readonly Permission[] {
    const permissions = this.#role(name);
    return name === ROOT ? [EVERYTHING] : permissions;
  }

  roles(): string[] {
    return sorted(this.#roles.keys());
  }

  grantPermission(name: string, permission: Permission | null): void {
    if (permission === null) throw verdict('PERMISSION_NOT_GIVEN');
    if (!isValidRange(permission.key, permission.rangeEnd)) throw verdict('INVALID_AUTH_MGMT');
    const permissions = this.#role(name);
    // Like etcd, it compares only the first permission at or after the key, so that an equal one behind another range stays.
    const first = permissions.findIndex((one) => Buffer.compare(one.key, permission.key) >= 0);
    const found = permissions[first];
    if (found !== undefined && isSameRange(found, permission)) permissions[first] = permission;
    else permissions.push(permission);
    permissions.sort((a, b) => Buffer.compare(a.key, b.key));
    this.#revision++;
  }

  revokePermission(name: string, key: Buffer, rangeEnd: Buffer): void {
    const permissions = this.#role(name);
    const left = permissions.filter((one) => !isSameRange(one, { key, rangeEnd }));
    if (left.length === permissions.length) throw verdict('PERMISSION_NOT_GRANTED');
    this.#roles.set(name, left);
    this.#revision++;
  }

  /** Refuses a user without the role root. `undefined` means that none has signed in. */
  checkAdmin(name: string | undefined): void {
    if (!this.#enabled) return;
    if (name === undefined) throw verdict('USER_EMPTY');
    if (!this.#user(name).roles.has(ROOT)) throw verdict('PERMISSION_DENIED');
  }

  /** Refuses an access that the user's roles do not allow. */
  checkAccess(name: string | undefined, access: Access, key: Buffer, rangeEnd: Buffer = EMPTY): void {
    if (!this.#enabled) return;
    if (name === undefined) throw verdict('USER_EMPTY');
    const roles = this.#users.get(name)?.roles;
    if (roles?.has(ROOT)) return;
    const permissions = [...(roles ?? [])].flatMap((role) => this.#roles.get(role) ?? []);
    if (!permits(permissions, access, key, rangeEnd)) throw verdict('PERMISSION_DENIED');
  }

  #user(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw verdict('USER_NOT_FOUND');
    return user;
  }

  #role(name: string): Permission[] {
    const role = this.#roles.get(name);
    if (role === undefined) throw verdict('ROLE_NOT_FOUND');
    return role;
  }
}

/** Sorts names by their bytes, as etcd does. */
function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function isSameRange(a: Omit<Permission, 'permType'>, b: Omit<Permission, 'permType'>): boolean {
  return a.key.equals(b.key) && a.rangeEnd.equals(b.rangeEnd);
}
