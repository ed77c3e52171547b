/**
 * Authenticates an etcd client, by user and password or by token, and manages users and roles.
 *
 * Create the interceptor and attach it; the first call authenticates, and so does every renewal, by itself:
 *
 *     const client = createClient({ endpoints, interceptors: [auth({ username: 'app', password })] });
 *
 * Use the client as if there were no authentication: expired tokens, changed users and roles, authentication switched on
 * and off are met below. Manage users and roles as a user with the role `root`:
 *
 *     await authAdmin(client).userAdd('app', password);
 *
 * @module
 */
export { auth, type AuthOptions, type Credentials } from './auth.ts';
export { authAdmin, type Auth, type AuthAdminOptions, type PermissionOptions } from './admin.ts';
