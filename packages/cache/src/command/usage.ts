/** What `--help` prints, and what follows a mistake in the flags. */
export const USAGE = `Keeps a prefix of one etcd in another one: first what differs, then each revision.

  etcdts-cache mirror [flags] <destination>

  <destination>                endpoints of the target, with commas between them

 What is mirrored
  --prefix                     keys with this prefix; all by default
  --dest-prefix                what takes the place of the prefix on the target
  --no-dest-prefix             puts the rest of each key at the root of the target
  --rev                        begins with what happened from this revision on, without a base
  --checkpoint                 a key on the target with which a mirror that is started again goes on
  --remove-extra               removes what the target has and the source has not, at the first start too
  --no-remove-extra            never removes it
  --max-txn-ops                operations in a transaction of the target; 128 by default

 The source
  --endpoints                  127.0.0.1:2379 by default
  --cacert, --cert, --key      PEM files; any of them means TLS
  --insecure-skip-tls-verify   accepts any certificate
  --insecure-transport         lets a password go over plain HTTP to another machine; =false means TLS
  --user, --password           a user, or user:password

 The target: --dest-cacert, --dest-cert, --dest-key, --dest-insecure-skip-tls-verify, --dest-insecure-transport, --dest-user,
 --dest-password

The flags have the names of etcdctl make-mirror. Each may stand in the environment, as ETCDCTL_DEST_PASSWORD.`;
