// How large the published packages may be. Who installs them pays for it, and a file that slips in is noticed here.

/** Limits by package: kilobytes (1,000 bytes) of the tarball and unpacked, and files. A package that is not listed has those of `others`. */
export const limits = {
  cache: { packed: 230, unpacked: 1_000, files: 220 },
  concurrency: { packed: 240, unpacked: 1_050, files: 240 },
  core: { packed: 930, unpacked: 3_700, files: 400 },
  embedded: { packed: 470, unpacked: 1_800, files: 130 },
  http2: { packed: 210, unpacked: 800, files: 100 },
  queue: { packed: 110, unpacked: 480, files: 115 },
  testing: { packed: 310, unpacked: 1_600, files: 260 },
  others: { packed: 80, unpacked: 350, files: 80 },
};

/** What exceeds the limits, one line each, of packed packages as `packPublished` returns them. */
export function oversized(packages, allowed = limits) {
  return packages.flatMap(({ name, packed, unpacked, files }) => {
    const limit = allowed[name.replace('@etcdts/', '')] ?? allowed.others;
    const found = { packed: packed / 1000, unpacked: unpacked / 1000, files: files.length };
    return Object.entries(found)
      .filter(([what, size]) => size > limit[what])
      .map(([what, size]) => {
        const unit = what === 'files' ? '' : ' kB';
        return `${name}: ${what} ${Math.ceil(size)}${unit}, the limit is ${limit[what]}${unit}. If that is meant, raise it in scripts/package-sizes.mjs`;
      });
  });
}
