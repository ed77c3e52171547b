import { Etcd3 } from 'etcd3';

const client = new Etcd3();

export function runCampaign(): void {
  const election = client.election('singleton-job');
  const campaign = election.campaign('worker-1');
  campaign.on('elected', () => {
    console.log('I am the leader');
  });
  campaign.on('error', (error) => {
    console.error(error);
    setTimeout(runCampaign, 5000);
  });
}

export async function observeLeader(): Promise<void> {
  const observer = await client.election('singleton-job').observe();
  observer.on('change', (leader) => console.log('The new leader is', leader));
}
