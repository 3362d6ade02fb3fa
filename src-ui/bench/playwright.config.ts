import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../test-results",
  timeout: 60_000,
  workers: 1,
  reporter: [["line"]],
  use: {
    viewport: { width: 1440, height: 900 },
    // Recording a trace takes pictures all the time and would measure itself.
    trace: "off",
    launchOptions: { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] },
  },
});
