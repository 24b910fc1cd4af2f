/** The HTML page of `flows --format html`, in a real browser without a network. */
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './helpers/run-cli.js';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'captures');
const executable = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

// A browser is no dependency of the program; .ci/run installs one.
describe.skipIf(executable === undefined)('in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhtrace-html-'));
  const requests: string[] = [];
  const errors: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const file = join(folder, 'flow.html');
    const { stdout, code } = await runCli(
      ['flows', 'vring-never-logged.gdb.txt', '--format', 'html'],
      { cwd: fixtures },
    );
    expect(code).toBe(0);
    writeFileSync(file, stdout);
    browser = await chromium.launch({
      executablePath: executable ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => errors.push(message.text()));
    await page.goto(pathToFileURL(file).href);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test('asks for nothing but itself, and runs without an error', () => {
    expect(requests).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test('tells the violation first, with the lines that prove it', async () => {
    const first = page.locator('.finding').first();
    expect(await first.textContent()).toMatch(/^LS-ALL-RINGS error line 689/);
    expect(await first.locator('li').count()).toBeGreaterThan(1);
  });

  test('fits on a phone: nothing but the picture scrolls sideways', async () => {
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
  });

  test('what a call makes stands to the right of it, whether it calls more or not', async () => {
    const left = (node: number): Promise<number> =>
      page.evaluate<number>(
        `document.querySelector('.tree [data-node="${node}"] .line').getBoundingClientRect().left`,
      );
    // vhost_dev_set_features → vhost_user_set_features, the one in the middle calls, the last does not.
    expect(await left(3)).toBeGreaterThan(await left(2));
    expect(await left(4)).toBeGreaterThan(await left(3));
  });

  test('the words of the picture can be read on a phone', async () => {
    const scale = await page.evaluate<number>(
      "document.querySelector('.sequence').getBoundingClientRect().width / 1100",
    );
    expect(11 * scale).toBeGreaterThan(9);
  });

  test('the filter leaves what holds the text, and its callers', async () => {
    const visible = page.locator('.tree li[data-node]:visible');
    const all = await visible.count();
    await page.fill('#filter', 'SET_LOG_BASE');
    const labels = await page
      .locator(
        '.tree li[data-node]:visible > details > summary code, .tree li[data-node]:visible > code',
      )
      .allTextContents();
    expect(await visible.count()).toBeLessThan(all);
    expect(labels.filter((label) => label.includes('set_log_base'))).toHaveLength(2);
    expect(labels).toContain('vhost_migration_log(enable=true) vhost-user #2');
    expect(labels.filter((label) => label.includes('vhost_dev_stop'))).toEqual([]);
    expect(await page.textContent('#matches')).toMatch(/^2 of \d+ calls$/);
    await page.fill('#filter', '');
    expect(await visible.count()).toBe(all);
  });

  test('on paper there is no filter box, and everything is open', async () => {
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('.tree').first().isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
  });
});
