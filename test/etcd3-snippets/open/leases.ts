import { Etcd3, type Lease } from 'etcd3';

export class Registration {
  private lease: Lease | undefined;

  constructor(private readonly client: Etcd3) {}

  async start(): Promise<void> {
    this.lease = this.client.lease(10);
    await this.lease.put('service').value('up');
  }

  async isUp(): Promise<boolean> {
    return await this.client.get('service').exists();
  }
}

export function synchronous(client: Etcd3): void {
  const lease = client.lease(5);
  console.log(lease.state);
}
