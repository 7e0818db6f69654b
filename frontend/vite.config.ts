import { defineConfig } from "vitest/config";

// Three entries; Python finds their built names in dist/.vite/manifest.json.
export default defineConfig({
  base: "/static/",
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
