// node --import plant.js?<name>: plants a mutant into the modules that are loaded afterwards.
import { register } from 'node:module';
import { mutantNamed } from './mutants.ts';

const name = new URL(import.meta.url).searchParams.get('mutant');
if (name === null) throw new TypeError('the name of the mutant is missing: --import …/plant.js?mutant=NAME');
const { file, find, replace } = mutantNamed(name);
register(new URL('planting.js', import.meta.url), { data: { file, find, replace } });
