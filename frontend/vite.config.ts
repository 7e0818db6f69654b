import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Compressed once here and not at each request: the slowest level costs nobody anything. odr/core/static.py serves them. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle(options) {
      const folder = join(options.dir!, "assets");
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = readFileSync(join(folder, name));
        writeFileSync(join(folder, name + ".gz"), gzipSync(file, { level: 9 }));
        const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: file.length } };
        writeFileSync(join(folder, name + ".br"), brotliCompressSync(file, brotli));
      }
    },
  };
}

// Three entries; Python finds their built names in dist/.vite/manifest.json.
export default defineConfig({
  base: "/static/",
  plugins: [packed()],
  build: {
    // Old phones and webviews: syntax is brought down to these, missing interfaces are guarded in the code.
    target: ["chrome64", "safari12"],
    // Not so for styles: logical properties brought down to physical ones weigh double and outrank their neighbours.
    cssTarget: ["chrome87", "safari14.1"],
    manifest: true,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        room: "room/main.tsx",
        enhance: "enhance/main.ts",
        styles: "styles/main.css",
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["{room,enhance,styles}/**/*.test.{ts,tsx}"],
    css: { include: /tokens\.css/ },
    restoreMocks: true,
  },
});
