import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const source = fileURLToPath(new URL("./src-ui/src", import.meta.url));

export default defineConfig({
  root: "src-ui",
  cacheDir: "../node_modules/.vite",
  // Relative addresses let the gateway serve the same build under any path, and Tauri from its own scheme.
  base: "./",
  plugins: [react()],
  resolve: { alias: { "~": source } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // `font-src 'self'` refuses data: addresses, so no asset may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 1420, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
