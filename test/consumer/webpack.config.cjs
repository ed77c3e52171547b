const names = ['program', 'injection', 'plugin', 'rare', 'http2'];
const entry = Object.fromEntries(names.map((name) => [name, `./out/${name}.js`]));

module.exports = [
  {
    entry,
    mode: 'production',
    target: 'node20',
    output: { path: process.env.BUNDLES, filename: '[name]-webpack.cjs' },
  },
  {
    entry,
    mode: 'production',
    target: 'node20',
    experiments: { outputModule: true },
    output: { path: process.env.BUNDLES, filename: '[name]-webpack.mjs', library: { type: 'module' } },
  },
];
