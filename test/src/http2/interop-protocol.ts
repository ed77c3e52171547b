// grpc's interop test service (grpc/testing/test.proto), as far as its clients' cases use it.
import { defineService, type ProtocolJson } from '@etcdts/core/plugin';

const field = (type: string, id: number): object => ({ type, id });

/** The protocol, in protobufjs's JSON. */
export const protocol: ProtocolJson = {
  nested: {
    grpc: {
      nested: {
        testing: {
          nested: {
            Empty: { fields: {} },
            Payload: { fields: { body: field('bytes', 2) } },
            EchoStatus: { fields: { code: field('int32', 1), message: field('string', 2) } },
            SimpleRequest: {
              fields: {
                responseSize: field('int32', 2),
                payload: field('Payload', 3),
                responseStatus: field('EchoStatus', 7),
              },
            },
            SimpleResponse: { fields: { payload: field('Payload', 1) } },
            StreamingInputCallRequest: { fields: { payload: field('Payload', 1) } },
            StreamingInputCallResponse: { fields: { aggregatedPayloadSize: field('int32', 1) } },
            ResponseParameters: { fields: { size: field('int32', 1), intervalUs: field('int32', 2) } },
            StreamingOutputCallRequest: {
              fields: {
                responseParameters: { rule: 'repeated', ...field('ResponseParameters', 2) },
                payload: field('Payload', 3),
                responseStatus: field('EchoStatus', 7),
              },
            },
            StreamingOutputCallResponse: { fields: { payload: field('Payload', 1) } },
            TestService: {
              methods: {
                EmptyCall: { requestType: 'Empty', responseType: 'Empty' },
                UnaryCall: { requestType: 'SimpleRequest', responseType: 'SimpleResponse' },
                StreamingOutputCall: {
                  requestType: 'StreamingOutputCallRequest',
                  responseType: 'StreamingOutputCallResponse',
                  responseStream: true,
                },
                StreamingInputCall: {
                  requestType: 'StreamingInputCallRequest',
                  responseType: 'StreamingInputCallResponse',
                  requestStream: true,
                },
                FullDuplexCall: {
                  requestType: 'StreamingOutputCallRequest',
                  responseType: 'StreamingOutputCallResponse',
                  requestStream: true,
                  responseStream: true,
                },
                UnimplementedCall: { requestType: 'Empty', responseType: 'Empty' },
              },
            },
            UnimplementedService: {
              methods: { UnimplementedCall: { requestType: 'Empty', responseType: 'Empty' } },
            },
          },
        },
      },
    },
  },
};

interface Payload {
  readonly body: Buffer;
}

interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

/** Requests, with the fields that are given. */
export interface SimpleRequest {
  readonly responseSize?: number;
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
}

export interface StreamingOutputCallRequest {
  readonly responseParameters?: readonly { readonly size: number; readonly intervalUs?: number }[];
  readonly payload?: Payload | null;
  readonly responseStatus?: EchoStatus | null;
}

interface Rpc<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}

interface TestTypes {
  readonly EmptyCall: Rpc<object, object>;
  readonly UnaryCall: Rpc<SimpleRequest, { readonly payload: Payload | null }>;
  readonly StreamingOutputCall: Rpc<StreamingOutputCallRequest, { readonly payload: Payload }>;
  readonly StreamingInputCall: Rpc<{ readonly payload: Payload }, { readonly aggregatedPayloadSize: number }>;
  readonly FullDuplexCall: Rpc<StreamingOutputCallRequest, { readonly payload: Payload }>;
  readonly UnimplementedCall: Rpc<object, object>;
}

/** The methods of the test service. */
export const TestService = defineService<TestTypes>(protocol, { service: 'grpc.testing.TestService' });

/** The method of the service that no server has. */
export const { UnimplementedCall } = defineService<Pick<TestTypes, 'UnimplementedCall'>>(protocol, {
  service: 'grpc.testing.UnimplementedService',
});

/** A payload of so many bytes, which are zero. */
export const payload = (size: number): Payload => ({ body: Buffer.alloc(size) });
