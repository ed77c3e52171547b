import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: ['program', 'injection', 'plugin', 'rare', 'http2'].map((name) => `out/${name}.js`),
  output: [
    ['es', 'mjs'],
    ['cjs', 'cjs'],
  ].map(([format, end]) => ({
    dir: process.env.BUNDLES,
    format,
    entryFileNames: `[name]-rollup.${end}`,
    chunkFileNames: `[name]-[hash].${end}`,
  })),
  plugins: [nodeResolve(), commonjs(), json()],
};
