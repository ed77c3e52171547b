/**
 * Authenticates an etcd client, by user and password or by token, and manages users and roles.
 *
 * Create the interceptor and attach it. The first call authenticates, and the token is renewed when etcd refuses it:
 *
 *     const client = createClient({ endpoints, interceptors: [auth({ username: 'app', password })] });
 *
 * Use the client as if there were no authentication: the interceptor handles expired tokens, changed users and roles, and
 * authentication that is switched on or off. Manage users and roles as a user with the role `root`:
 *
 *     await authAdmin(client).userAdd('app', password);
 *
 * @module
 *
 * @packageDocumentation
 */
export { auth, type AuthOptions, type Credentials } from './auth.ts';
export { authAdmin, type Auth, type AuthAdminOptions, type PermissionOptions } from './admin.ts';
