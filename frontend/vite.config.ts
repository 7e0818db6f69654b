import { defineConfig } from "vitest/config";

// Three entries; Python finds their built names in dist/.vite/manifest.json.
export default defineConfig({
  base: "/static/",
  build: {
    // Old phones and webviews: syntax is brought down to these, missing interfaces are guarded in the code.
    target: ["chrome64", "safari12"],
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
    include: ["{room,enhance}/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
