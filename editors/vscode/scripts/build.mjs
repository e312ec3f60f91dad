// Bundles the extension and its two webviews into dist/. `--watch` goes on; `--debug` keeps names and adds source maps.
import * as esbuild from "esbuild";

const watch = process.argv.includes("--watch");
const debug = watch || process.argv.includes("--debug");
const shared = { bundle: true, minify: !debug, sourcemap: debug && "linked", outdir: "dist", logLevel: "warning", legalComments: "linked" };
const bundles = [
  { ...shared, entryPoints: { extension: "src/extension.ts" }, platform: "node", format: "cjs", target: "node20", external: ["vscode"] },
  {
    ...shared,
    entryPoints: { map: "src/map/main.tsx", trace: "src/trace/main.tsx" },
    platform: "browser",
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
  },
];
if (watch) for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
else await Promise.all(bundles.map((bundle) => esbuild.build(bundle)));
