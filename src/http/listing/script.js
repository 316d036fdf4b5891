
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const filter = $("filter"), none = $("none"), count = $("count");
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const heads = [...document.querySelectorAll("th a")];
  const query = () => new URLSearchParams(location.search);
  /** What the server has left out of the page already. */
  let served = filter.value;

  /* Rows, read once: a folder may hold many. */
  let rows = [];
  const read = () => {
    rows = [...$("entries").rows].map((row) => {
      const [name, size, date] = row.cells;
      const time = date.firstElementChild;
      return {
        row,
        link: name.querySelector("a"),
        text: name.querySelector("bdi").textContent,
        folder: row.className === "folder",
        size: Number(size.dataset.size ?? 0),
        known: size.dataset.size !== undefined,
        date: time ? time.dateTime : "",
        time,
      };
    });
    localise();
  };

  /* The server writes UTC; who reads has a clock of their own. */
  const two = (number) => String(number).padStart(2, "0");
  const localise = () => {
    for (const { time } of rows) {
      if (!time) continue;
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const year = String(at.getFullYear()).padStart(4, "0");
      time.firstChild.data = `${year}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      time.lastChild.textContent = ` ${two(at.getHours())}:${two(at.getMinutes())}`;
      time.title = at.toLocaleString();
    }
    document.querySelector("th small")?.remove();
  };

  /* Sorting, in the order that the server has for the same link. */
  const by = {
    name: (a, b) => collator.compare(a.text, b.text),
    size: (a, b) => a.size - b.size,
    date: (a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0),
  };
  const sort = (column, descending) => {
    const turn = descending ? -1 : 1;
    rows.sort((a, b) => b.folder - a.folder
      || turn * (column === "size" && a.folder ? 0 : by[column](a, b))
      || by.name(a, b));
    $("entries").append(...rows.map(({ row }) => row));
    for (const head of heads) {
      const cell = head.closest("th"), own = head.dataset.sort === column;
      if (own) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
      const next = own ? !descending : head.dataset.sort !== "name";
      const link = query();
      link.set("sort", head.dataset.sort);
      link.set("order", next ? "desc" : "asc");
      head.href = `?${link}`;
    }
    const form = filter.form;
    form.elements.sort.value = column;
    form.elements.order.value = descending ? "desc" : "asc";
  };
  for (const head of heads) {
    head.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      const link = new URLSearchParams(head.search);
      history.replaceState(null, "", `?${link}`);
      sort(link.get("sort"), link.get("order") === "desc");
    });
  }

  /* The filter. */
  const human = (bytes) => {
    if (bytes < 1024) return `${bytes} B`;
    let unit = 0, value = bytes / 1024;
    for (; Math.round(value) >= 1024 && unit < 5; unit += 1) value /= 1024;
    const digits = Math.round(value * 10) < 100 ? 1 : 0;
    return `${value.toFixed(digits)} ${["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][unit]}`;
  };
  const things = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  const tally = () => {
    let folders = 0, files = 0, others = 0, bytes = 0;
    for (const { row, folder, known, size } of rows) {
      if (row.hidden) continue;
      if (folder) folders += 1;
      else if (known) { files += 1; bytes += size; }
      else others += 1;
    }
    const said = [];
    if (folders) said.push(things(folders, "folder"));
    if (files || !folders) said.push(things(files, "file"));
    if (others) said.push(things(others, "other"));
    if (files) said.push(human(bytes));
    count.textContent = said.join(", ");
    none.hidden = folders + files + others > 0;
    none.textContent = rows.length || served ? "No name matches." : "This folder is empty.";
  };
  const narrow = () => {
    const wanted = filter.value.toLowerCase();
    for (const entry of rows) entry.row.hidden = !entry.text.toLowerCase().includes(wanted);
    tally();
  };
  const remember = () => {
    const link = query();
    if (filter.value) link.set("q", filter.value);
    else link.delete("q");
    history.replaceState(null, "", String(link) ? `?${link}` : location.pathname);
    for (const head of heads) {
      const to = new URLSearchParams(head.search);
      if (filter.value) to.set("q", filter.value);
      else to.delete("q");
      head.href = `?${to}`;
    }
  };
  filter.addEventListener("input", async () => {
    if (!filter.value.toLowerCase().includes(served.toLowerCase())) await renew();
    narrow();
    remember();
  });
  filter.form.addEventListener("submit", (event) => {
    event.preventDefault();
    visible()[0]?.focus();
  });

  /* The keyboard. */
  const visible = () => [...document.querySelectorAll("tbody tr:not([hidden]) a")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      filter.focus();
      filter.select();
      return;
    }
    if (event.target === filter && event.key === "Escape") {
      if (filter.value) {
        filter.value = "";
        filter.dispatchEvent(new Event("input"));
      } else filter.blur();
      return;
    }
    if (typing && (event.target !== filter || event.key !== "ArrowDown")) return;
    const links = visible(), at = links.indexOf(document.activeElement);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? links.length - 1 : at - 1,
      Home: at < 0 ? -1 : 0,
      End: at < 0 ? -1 : links.length - 1,
    }[event.key];
    if (to === undefined || (at < 0 && event.key.length < 5)) return;
    event.preventDefault();
    if (to < 0) filter.focus();
    else links[Math.min(to, links.length - 1)]?.focus();
  });

  /* The folder as it is now, without the filter. */
  const renew = async () => {
    const link = query();
    link.delete("q");
    const answer = await fetch(`?${link}`, { cache: "reload", headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const entries = page.getElementById("entries");
    if (!entries) return;
    $("entries").replaceWith(entries);
    served = "";
    read();
    narrow();
  };

  read();
  if (rows.length) tally();

  /* Uploads. */
  const upload = $("upload");
  if (!upload) return;
  const list = upload.querySelector("ul"), chooser = upload.querySelector("input");
  upload.querySelector("span").textContent = "Drop files here, or choose them:";
  upload.querySelector("button").hidden = true;
  const waiting = [];
  let busy = false;

  const make = (name, ...children) => {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  };
  const add = (files) => {
    for (const file of files) {
      const bar = make("progress"), said = make("output", "waiting");
      const item = make("li", make("bdi", file.name), bar, said);
      bar.max = 1;
      bar.value = 0;
      list.append(item);
      waiting.push({ file, bar, said, item });
    }
    next();
  };
  const next = async () => {
    if (busy) return;
    busy = true;
    let fresh = false;
    while (waiting.length) fresh = (await send(waiting.shift())) || fresh;
    busy = false;
    if (fresh) await renew();
  };
  const end = ({ bar, said, item }, failure) => {
    bar.value = 1;
    item.className = failure ? "failed" : "done";
    said.textContent = failure || "done";
    return !failure;
  };
  const send = (job) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => {
      if (!total) return;
      job.bar.value = loaded / total;
      job.said.textContent = `${Math.floor((loaded / total) * 100)} %`;
    };
    request.onload = () => {
      const good = request.status >= 200 && request.status < 300;
      resolve(end(job, good ? "" : reason(request)));
    };
    request.onerror = () => resolve(end(job, "the connection broke"));
    request.open("PUT", `./${encodeURIComponent(job.file.name)}`);
    request.send(job.file);
  });
  const failures = {
    401: "only with a password",
    403: "not allowed",
    409: "a file of this name is there",
    413: "too large",
    507: "no space is left",
  };
  /** Why, as the server says it in a line; else what the status comes to. */
  const reason = (request) => {
    const type = request.getResponseHeader("Content-Type") ?? "";
    const line = type.startsWith("text/plain") ? request.responseText.split("\n")[0].slice(0, 200) : "";
    const why = line.includes(": ") ? line.slice(line.indexOf(": ") + 2) : "";
    return why || failures[request.status] || line || `${request.status} ${request.statusText}`;
  };

  chooser.addEventListener("change", () => {
    add([...chooser.files]);
    chooser.value = "";
  });
  upload.addEventListener("submit", (event) => event.preventDefault());
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const over = () => document.body.classList.toggle("over", depth > 0);
  addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; over(); } });
  addEventListener("dragleave", (event) => { if (carries(event)) { depth = Math.max(0, depth - 1); over(); } });
  addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    over();
    const files = [], folders = [];
    for (const item of event.dataTransfer.items) {
      const file = item.getAsFile();
      if (!file) continue;
      (item.webkitGetAsEntry?.()?.isDirectory ? folders : files).push(file);
    }
    for (const folder of folders) {
      const said = make("output", "a folder cannot be sent"), item = make("li", make("bdi", folder.name), make("span"), said);
      item.className = "failed";
      list.append(item);
    }
    add(files);
  });
})();
