// The packages as CommonJS: a second copy beside the ES modules, if Node cannot require those.
export * as auth from '@etcdts/auth';
export * as core from '@etcdts/core';
export * as plugin from '@etcdts/core/plugin';
export * as metrics from '@etcdts/metrics';
export * as namespace from '@etcdts/namespace';
export * as retry from '@etcdts/retry';
