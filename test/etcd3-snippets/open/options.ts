import { Etcd3, isRecoverableError } from 'etcd3';

export const client = new Etcd3({
  hosts: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'],
  grpcOptions: { 'grpc.max_receive_message_length': 1024 },
  credentials: { rootCertificate: Buffer.from(''), privateKey: Buffer.from(''), certChain: Buffer.from('') },
  faultHandling: { watchBackoff: undefined },
});

export const other = (error: Error): boolean => isRecoverableError(error);

export const members = async (): Promise<number> => {
  const { members } = await client.cluster.memberList({});
  return members.length;
};
