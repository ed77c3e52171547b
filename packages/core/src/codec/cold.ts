// Codecs of cold messages, through proto-loader, loaded on first use.
import type { Codec } from './codec.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export declare const cold: Record<string, Codec<any, any>> & { readonly [name: string]: Codec<any, any> };
