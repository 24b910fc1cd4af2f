/** The package keeps its promises: the Node floor, versions that must move together, no registry's address. */
import { readFileSync } from 'node:fs';
import { minVersion, satisfies } from 'semver';
import { describe, expect, test } from 'vitest';
import * as reasons from './dependencies.js';

interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = (path: string) => JSON.parse(read(path)) as Manifest;

const own = manifest('package.json');
const floor = minVersion(own.engines?.node ?? '*')?.version ?? '0.0.0';
const direct = Object.keys({ ...own.dependencies, ...own.devDependencies });

test.each(direct)(`%s runs on Node ${floor}`, (name) => {
  const range = manifest(`node_modules/${name}/package.json`).engines?.node ?? '*';
  expect(satisfies(floor, range), `${name} demands Node ${range}; hold its older major`).toBe(true);
});

test('every package has a reason', () => {
  expect(Object.keys(reasons.dependencies).sort()).toEqual(Object.keys(own.dependencies).sort());
  expect(Object.keys(reasons.devDependencies).sort()).toEqual(
    Object.keys(own.devDependencies).sort(),
  );
});

// npm explains the mismatch of these exact peers badly.
test('vitest and its coverage are pinned to one version', () => {
  const { vitest, '@vitest/coverage-v8': coverage } = own.devDependencies;
  expect(vitest).toMatch(/^\d+\.\d+\.\d+$/);
  expect(coverage).toBe(vitest);
});

describe('package-lock.json', () => {
  test('names no registry', () => {
    expect(read('package-lock.json')).not.toContain('"resolved": "http');
  });

  // Where a registry lacked one of them at the time of locking, `npm ci` refuses the lock everywhere.
  test('holds the optional packages of all platforms', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as Lock;
    const locked = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''));
    const optional = Object.values(packages).flatMap((entry) =>
      Object.keys(entry.optionalDependencies ?? {}),
    );
    expect(locked).toEqual(expect.arrayContaining(optional));
  });
});
