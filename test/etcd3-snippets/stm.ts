// The example of SoftwareTransaction.
import { Etcd3 } from 'etcd3';

const etcd3 = new Etcd3({ hosts: process.env['ETCD_ENDPOINT'] as string });
await etcd3
  .if('bank/account1', 'Create', '==', 0)
  .then(etcd3.put('bank/account1').value(100), etcd3.put('bank/account2').value(5))
  .commit();

const transfer = (amount: number) =>
  etcd3.stm().transact((tx) => {
    return Promise.all([tx.get('bank/account1').number(), tx.get('bank/account2').number()]).then(
      ([balance1, balance2]) => {
        if (balance1! < amount) {
          throw new Error('You do not have enough money to transfer!');
        }

        return Promise.all([
          tx.put('bank/account1').value(balance1! - amount),
          tx.put('bank/account2').value(balance2! + amount),
        ]);
      },
    );
  });

await transfer(42);
await transfer(1_000).catch((error: Error) => console.log(error.message));
console.log(await etcd3.getAll().prefix('bank/').numbers());
etcd3.close();
