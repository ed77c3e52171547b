import { checkPassword } from '../auth/passwords.ts';
import type { Caller, Member } from '../member.ts';
import type { Header, Permission } from '../messages.ts';
import type { Handlers, UnaryHandler } from './handlers.ts';

interface UserRequest {
  readonly name: string;
  readonly password: string;
  readonly options: { readonly noPassword: boolean } | null;
}
interface RoleRequest {
  readonly name: string;
  readonly user: string;
  readonly role: string;
}
interface GrantRequest {
  readonly name: string;
  readonly perm: Permission | null;
}
interface RevokeRequest {
  readonly role: string;
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}
type Headed = { header: Header };

/** The Auth service (server/etcdserver/api/v3rpc/auth.go). */
export function auth(member: Member): Handlers {
  const store = member.auth;
  /** A handler that only root may call while authentication is on. */
  const admin =
    <Req>(act: (request: Req) => object | void) =>
    (request: Req, caller: Caller): Headed => {
      store.checkAdmin(member.propose(caller));
      const answer = act(request);
      return { header: member.header(), ...answer };
    };
  /** Answers a user about itself or its own roles, and otherwise only root. */
  const visible = (caller: Caller, isOwn: (user: string) => boolean, answer: () => object): Headed => {
    const user = member.propose(caller);
    // For etcd, a call without a user has an empty user name.
    if (!isOwn(user ?? '')) store.checkAdmin(user);
    return { header: member.header(), ...answer() };
  };
  const addUser = admin(({ name, password, options }: UserRequest) =>
    store.addUser(name, password, options?.noPassword === true),
  );
  const changePassword = admin(({ name, password }: UserRequest) => store.changePassword(name, password));
  const unary: Record<string, UnaryHandler> = {
    'Auth.AuthEnable': admin(() => store.enable()),
    'Auth.AuthDisable': admin(() => store.disable()),
    'Auth.AuthStatus': (_: object, caller) => {
      member.propose(caller);
      return { header: member.header(), enabled: store.enabled, authRevision: store.revision };
    },
    'Auth.Authenticate': ({ name, password }: UserRequest) => {
      const token = store.authenticate(name, password, member.index);
      return { header: member.header(), token };
    },
    // As in etcd, passwords are hashed before the user of the call is checked.
    'Auth.UserAdd': (request: UserRequest, caller) => {
      if (request.options?.noPassword !== true) checkPassword(request.password);
      return addUser(request, caller);
    },
    'Auth.UserGet': ({ name }: UserRequest, caller) =>
      visible(
        caller,
        (user) => user === name,
        () => ({ roles: store.rolesOf(name) }),
      ),
    'Auth.UserList': admin(() => ({ users: store.users() })),
    'Auth.UserDelete': admin(({ name }: UserRequest) => store.deleteUser(name)),
    'Auth.UserChangePassword': (request: UserRequest, caller) => {
      checkPassword(request.password);
      return changePassword(request, caller);
    },
    'Auth.UserGrantRole': admin(({ user, role }: RoleRequest) => store.grantRole(user, role)),
    'Auth.UserRevokeRole': admin(({ name, role }: RoleRequest) => store.revokeRole(name, role)),
    'Auth.RoleAdd': admin(({ name }: RoleRequest) => store.addRole(name)),
    'Auth.RoleGet': ({ role }: RoleRequest, caller) =>
      visible(
        caller,
        (user) => store.hasRole(user, role),
        () => ({ perm: store.permissionsOf(role) }),
      ),
    'Auth.RoleList': admin(() => ({ roles: store.roles() })),
    'Auth.RoleDelete': admin(({ role }: RoleRequest) => store.deleteRole(role)),
    'Auth.RoleGrantPermission': admin(({ name, perm }: GrantRequest) => store.grantPermission(name, perm)),
    'Auth.RoleRevokePermission': admin(({ role, key, rangeEnd }: RevokeRequest) =>
      store.revokePermission(role, key, rangeEnd),
    ),
  };
  return { unary };
}
