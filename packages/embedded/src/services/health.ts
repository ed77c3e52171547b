import { status } from '../status.ts';
import type { Handlers, Peer, StreamListener } from './handlers.ts';

interface HealthCheckRequest {
  readonly service: string;
}
interface HealthCheckResponse {
  readonly status: number;
}

const SERVING: HealthCheckResponse = { status: 1 };
const SERVICE_UNKNOWN: HealthCheckResponse = { status: 3 };

/** gRPC's health checking protocol. As in etcd, the only service that it knows is the whole server, which has an empty name. */
export function health(): Handlers {
  return {
    unary: {
      'Health.Check': ({ service }: HealthCheckRequest) => {
        if (service !== '') throw status('NOT_FOUND', 'unknown service');
        return SERVING;
      },
      'Health.List': () => ({ statuses: { '': SERVING } }),
    },
    streams: {
      'Health.Watch': (peer: Peer<HealthCheckResponse>): StreamListener => ({
        message({ service }: HealthCheckRequest) {
          peer.send(service === '' ? SERVING : SERVICE_UNKNOWN);
        },
      }),
    },
  };
}
