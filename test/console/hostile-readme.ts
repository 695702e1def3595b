/** What an author might try on whoever reads his package's page. */
export const hostileReadme = `# Acme UI

Buttons that people like to press. ![build](https://tracker.example/pixel.png) [install](#how-to-install)

| part | size |
| --- | ---: |
| button | 2 kB |

<script>globalThis.hacked = 1</script>
<img src="https://tracker.example/x.png" onerror="globalThis.hacked = 2" alt="a pixel">
<img src=x onerror=globalThis.hacked=3>
<svg onload="globalThis.hacked = 4"><script>globalThis.hacked = 5</script></svg>
<style>body { display: none }</style>
<iframe src="https://tracker.example/"></iframe>
<form action="https://tracker.example/"><input name="token"><button>Sign in again</button></form>
<div class="notice bad" id="app" style="position:fixed;inset:0">Your session has ended</div>
<a href="https://docs.example/ui" onclick="globalThis.hacked = 6" target="_self">the docs</a>
<a href="javascript:globalThis.hacked = 7">press me</a> <a href="./docs/more.md">more</a>

## How to install

\`\`\`sh
npm install @acme/ui
\`\`\`

- [x] works
- [ ] is done

<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=globalThis.hacked=8&gt;">
`;
