import { readFile } from 'node:fs/promises';
import { assert, type Suite } from '@etcdts/testing';
import { compilers, programs, type InstalledPackages } from './installed-packages.ts';

/** The tests of the types of the published packages. They leave the programs compiled. */
export function types(test: Suite, installed: () => InstalledPackages): void {
  test('name tsyringe in their types only where options take it, and add nothing to the types of Reflect', async () => {
    const packages = installed();
    await packages.compile('app', ['program.ts']);
    const tsc = packages.tsc(compilers[0]);
    const listed = (await packages.node([tsc, '-p', packages.app, '--listFilesOnly'], packages.scratch))
      .trim()
      .split('\n');
    const ours = listed.filter((file) => file.includes('/node_modules/@etcdts/'));
    assert.ok(ours.length > 20);
    const found = [];
    for (const file of ours) {
      const imports = (await readFile(file, 'utf8')).matchAll(
        /^(?:import|export)\b(?:[^;]*\bfrom)? ?'([^.'][^']*)';$/gm,
      );
      for (const [, module] of imports) found.push(`${file.split('/@etcdts/')[1]} ${module}`);
    }
    assert.equal(
      found.filter((line) => !/ (node:.*|@etcdts\/core(\/plugin)?)$/.test(line)),
      ['core/dist/options.d.ts tsyringe'],
    );
    assert.equal(
      listed.filter((file) => file.includes('/reflect-metadata/')),
      [],
    );
  });

  for (const version of compilers) {
    const major = Number(version.split('.')[0]);
    const modes = [
      ['app', 'esnext', 'bundler'],
      ['app', 'nodenext', 'nodenext'],
      ['commonJs', 'nodenext', 'nodenext'],
      ['commonJs', 'node16', 'node16'],
      // The default of CommonJS until TypeScript 5, which TypeScript 7 has no more; its default is the other one.
      ['commonJs', 'commonjs', major < 7 ? 'node10' : 'bundler'],
    ] as const;
    for (const [place, module, resolution] of modes) {
      test(`compile with TypeScript ${version}, module ${module}, moduleResolution ${resolution}, as ${place === 'app' ? 'ES modules' : 'CommonJS'}, with no types named and libraries checked`, async () => {
        const sources = [...programs, 'suite', 'ranges'].map((name) => `${name}.ts`);
        const more = resolution === 'node10' && major === 6 ? { ignoreDeprecations: '6.0' } : {};
        await installed().compile(place, sources, { version, module, moduleResolution: resolution, ...more });
      });
    }
  }

  test('have types of ES modules and of CommonJS that fit together', async () => {
    for (const version of compilers) {
      await installed().compile('app', ['copies.mts'], { version, module: 'node16', types: ['node'] });
    }
  });
}
