"""The page as a Jinja2 template, and the macros it is made of.

It is text in a module, not a file beside it, so that the digest of the report's code
covers it: a changed page makes the report again.
"""

from __future__ import annotations

from segbench.reporting.page_data import DATA

MACROS = """
{%- macro generated_badge(is_generated) -%}
{% if is_generated %}<span class="badge generated">generated data</span> {% endif %}
{%- endmacro %}

{%- macro data_badge(is_generated) -%}
{% if is_generated %}<span class="badge generated">generated data</span>
{%- else %}<span class="badge">publisher&rsquo;s data</span>{% endif %}
{%- endmacro %}

{%- macro open_table(label, is_generated=false, kind="") -%}
<figure class="table"><div class="scroll" tabindex="0" role="region" aria-label="{{ label }}">
<table{% if kind %} class="{{ kind }}"{% endif %}>
<caption><span class="stay">{{ generated_badge(is_generated) }}{{ label }}</span></caption>
{%- endmacro %}

{%- macro close_table() -%}
</table></div></figure>
{%- endmacro %}

{%- macro figure(shown, is_generated) -%}
<figure class="picture">
<a href="{{ shown.address }}"><img src="{{ shown.address }}" alt="{{ shown.alt }}" width="
{{- shown.width }}" height="{{ shown.height }}" loading="lazy"></a>
<figcaption>{{ generated_badge(is_generated) }}{{ shown.caption }}</figcaption>
</figure>
{%- endmacro %}

{%- macro cells(total) -%}
<td class="num">{{ total.computed }}</td><td class="num">{{ total.restored }}</td>
<td class="num">{{ total.wall_s | duration }}</td><td class="num">{{ total.cpu_s | duration }}</td>
<td class="num">{{ total.peak_rss_mb | memory }}</td>
<td class="num">{{ total.gpu_memory_mb | memory }}</td>
<td class="num">{{ total.energy_j | energy }}</td>
{%- endmacro %}

{%- macro totals(label, first, rows, all) -%}
{{ open_table(label) }}
<thead><tr><th scope="col">{{ first }}</th>
<th scope="col" class="num">computed</th><th scope="col" class="num">restored</th>
<th scope="col" class="num">wall</th><th scope="col" class="num">CPU</th>
<th scope="col" class="num">peak RSS</th><th scope="col" class="num">GPU memory</th>
<th scope="col" class="num">GPU energy</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row.name or "unknown" }}
{%- if row.gpu %} <span class="soft">({{ row.gpu }})</span>{% endif %}</th>{{ cells(row) }}</tr>
{% endfor %}
</tbody>
{% if all %}
<tfoot><tr><th scope="row">{{ all.name }}</th>{{ cells(all) }}</tr></tfoot>
{% endif %}
{{ close_table() }}
{%- endmacro %}
"""

STUDY = """
{%- macro losses_table(s) %}
<details{% if s.losses | length <= 12 %} open{% endif %}>
<summary>Lowest losses of each arm</summary>
{{ open_table("Lowest training loss and lowest validation loss, each with its epoch",
              s.dataset.generated) }}
<thead><tr><th scope="col">arm</th><th scope="col" class="num">lowest<br>training loss</th>
<th scope="col" class="num">epoch</th><th scope="col" class="num">lowest<br>validation loss</th>
<th scope="col" class="num">epoch</th><th scope="col" class="num">chosen<br>epoch</th>
<th scope="col" class="num">validation<br>{{ s.losses[0].metric }} there</th>
<th scope="col" class="num">epochs</th></tr></thead>
<tbody>
{% for row in s.losses %}
<tr><th scope="row">{{ row.run }}</th>
{% for pair in (row.loss, row.val_loss) %}
<td class="num">{{ (pair[0] if pair else none) | figure }}</td>
<td class="num">{{ pair[1] if pair else "\u2013" }}</td>
{% endfor %}
<td class="num">{{ "\u2013" if row.chosen is none else row.chosen }}</td>
<td class="num">{{ row.score | figure }}</td>
<td class="num">{{ row.epochs }}</td></tr>
{% endfor %}
</tbody>
{{ close_table() }}</details>
{% endmacro %}

{%- macro samples_section(s) %}
{% if s.classes %}
<h3 id="{{ s.anchor }}-overlays">Classes and mistakes</h3>
<p>Counted over all predictions of the arm; figures with intervals stand in the table.</p>
{% for group in s.classes %}
<details{% if loop.first %} open{% endif %}><summary>{{ group.title }}</summary>
<div class="row">{% for shown in group.pictures %}{{ figure(shown, s.dataset.generated) }}
{% endfor %}</div></details>
{% endfor %}
{% else %}
<h3 id="{{ s.anchor }}-overlays">Best, median and worst samples</h3>
{% if s.overlays %}<p>Above the image, below the same with the outlines or colours of truth and
prediction, at the original size; the legend says which is which.</p>{% endif %}
{% for shown in s.overlays %}
<details{% if loop.first %} open{% endif %}><summary>{{ shown.title }}</summary>
{{ figure(shown, s.dataset.generated) }}</details>
{% else %}<p class="soft">No overlays were drawn.</p>{% endfor %}
{% endif %}
{% endmacro %}

{%- macro folds_section(s) %}
<h3 id="{{ s.anchor }}-folds">Protocol and folds</h3>
<p>Protocol <code>{{ s.protocol.name }}</code>{% if s.protocol.description %}:
{{ s.protocol.description }}{% endif %}</p>
{{ open_table("Samples (groups) in each role of each fold", s.dataset.generated) }}
<thead><tr><th scope="col">fold</th><th scope="col" class="num">training</th>
<th scope="col" class="num">validation</th><th scope="col" class="num">test</th></tr></thead>
<tbody>
{% for row in s.folds %}
<tr><th scope="row">{{ row.fold }}</th>
{% for samples, groups in row.roles %}<td class="num">
{%- if samples %}{{ samples | number }} <span class="soft">({{ groups | number }})</span>
{%- else %}&ndash;{% endif %}</td>{% endfor %}</tr>
{% else %}
<tr><td colspan="4">no folds</td></tr>
{% endfor %}
</tbody>
{{ close_table() }}
<p>Leak check:
<strong class="{{ "clean" if s.verdict == "clean" else "unclean" }}">{{ s.verdict }}</strong>.
{% if s.checked %}Checked:
{% for name, count in s.checked %}{{ name }} {{ count }}{{ "." if loop.last else ", " }}
{% endfor %}{% endif %}</p>
{% endmacro %}

{%- macro metrics_section(s) %}
<h3 id="{{ s.anchor }}-metrics">Definitions of the metrics</h3>
{{ open_table("What each definition id means", s.dataset.generated) }}
<thead><tr><th scope="col">metric</th><th scope="col">definition id</th>
<th scope="col">definition</th><th scope="col">source</th></tr></thead>
<tbody>
{% for metric in s.metrics %}
<tr><th scope="row">{{ metric.name }}</th><td class="nowrap"><code>{{ metric.id }}</code></td>
<td class="words">{{ metric.text | linked }}</td><td class="words">{{ metric.source | linked }}</td>
</tr>
{% endfor %}
</tbody>
{{ close_table() }}
{% endmacro %}

{%- macro study(s) %}
<section id="{{ s.anchor }}" aria-labelledby="{{ s.anchor }}-title">
<h2 id="{{ s.anchor }}-title">{{ s.title }}</h2>
{% if s.dataset.generated %}
<p class="banner generated"><strong>Generated data.</strong> The images of this study are a
miniature made by a program in the publisher&rsquo;s format. Its figures show that the workflow
works; they say nothing about the publisher&rsquo;s data and cannot be compared with published
figures.</p>
{% else %}
<p class="banner"><strong>Publisher&rsquo;s data:</strong> {{ s.dataset.source | linked }}.</p>
{% endif %}
<p class="question">{{ s.question }}</p>
<p class="local"><span class="soft">In this study:</span>
<a href="#{{ s.anchor }}-answer">answer</a>
{% if s.sweep %}<a href="#{{ s.anchor }}-sweep">hyper-parameters</a>{% endif +%}
<a href="#{{ s.anchor }}-curves">learning curves</a>
<a href="#{{ s.anchor }}-overlays">{{ "classes" if s.classes else "samples" }}</a>
<a href="#{{ s.anchor }}-folds">folds</a>
<a href="#{{ s.anchor }}-recipes">recipes</a></p>
<h3 id="{{ s.anchor }}-answer">Answer</h3>
{% if s.answer %}<p class="answer">{{ generated_badge(s.dataset.generated) }}{{ s.answer }}</p>
{% endif %}
{{ s.table if s.table else "There is no table." }}
{% if s.downloads %}
<p class="downloads">This table as
{% for label, address in s.downloads %}<a href="{{ address }}" download>{{ label }}</a>
{{- "." if loop.last else ", " }}
{% endfor %}</p>
{% endif %}
{% if s.sweep %}
<h3 id="{{ s.anchor }}-sweep">Hyper-parameters</h3>
{% for shown in s.sweep %}{{ figure(shown, s.dataset.generated) }}{% endfor %}
{% endif %}
<h3 id="{{ s.anchor }}-curves">Learning curves</h3>
{% for shown in s.curves %}{{ figure(shown, s.dataset.generated) }}
{% else %}<p class="soft">No learning curves were drawn.</p>{% endfor %}
{% if s.losses %}{{ losses_table(s) }}{% endif %}
{{ samples_section(s) }}
<h3 id="{{ s.anchor }}-dataset">Dataset</h3>
<p><a href="#{{ s.data_anchor }}">{{ s.dataset.title }}</a>
{{ data_badge(s.dataset.generated) }}: {{ s.samples | number }} samples; source, licence, citation
and what the images look like stand under <a href="#data">Datasets</a>.</p>
{{ folds_section(s) }}
<h3 id="{{ s.anchor }}-recipes">Recipes</h3>
{% for recipe in s.recipes %}
<details><summary>{{ recipe.kind }}: <code>{{ recipe.name }}</code></summary>
<pre tabindex="0"><code>{{ recipe.text }}</code></pre></details>
{% else %}<p class="soft">No recipes were given.</p>{% endfor %}
{% if s.metrics %}{{ metrics_section(s) }}{% endif %}
</section>
{% endmacro %}
"""

COST = """
{%- macro asked_table(rows) %}
<h3 id="cost-asked">Asked for and used</h3>
<p>The most that any job of a row asked for, of memory, time and memory of a GPU, and the most that
one used; the same stands in <code>tables/resources.csv</code>.</p>
<details{% if rows | length <= 40 %} open{% endif %}><summary>{{ rows | length | number }} rows
</summary>
{{ open_table("Asked for and used", false, "sortable") }}
<thead><tr><th scope="col">stage</th><th scope="col">dataset</th><th scope="col">model</th>
<th scope="col" class="num">jobs</th><th scope="col" class="num">memory<br>asked for</th>
<th scope="col" class="num">used</th><th scope="col" class="num">ratio</th>
<th scope="col" class="num">time<br>asked for</th><th scope="col" class="num">used</th>
<th scope="col" class="num">GPU memory<br>predicted</th><th scope="col" class="num">used</th>
<th scope="col">verdict</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row.stage }}</th><td>{{ row.dataset }}</td><td>{{ row.model }}</td>
<td class="num">{{ row.jobs | number }}</td>
{% for value in (row.asked_mem_mb, row.used_mem_mb) %}
<td class="num" data-sort="{{ value | sort_value }}">{{ value | memory }}</td>
{% endfor %}
<td class="num" data-sort="{{ row.mem_ratio | sort_value }}">{{ row.mem_ratio | number(1) }}</td>
{% for value in (row.asked_runtime_min, row.used_runtime_min) %}
<td class="num" data-sort="{{ value | sort_value }}">
{{- (none if value is none else value * 60) | duration }}</td>
{% endfor %}
{% for value in (row.asked_gpu_mem_mb, row.used_gpu_mem_mb) %}
<td class="num" data-sort="{{ value | sort_value }}">{{ value | memory }}</td>
{% endfor %}
<td class="words">{{ row.verdict }}</td></tr>
{% endfor %}
</tbody>
{{ close_table() }}</details>
{% endmacro %}

{%- macro cost_section(jobs, stages, hosts, all, asked) %}
<section id="cost" aria-labelledby="cost-title">
<h2 id="cost-title">What ran, where and for how long</h2>
{% if jobs %}
<p>{{ all.computed | number }} job{{ "" if all.computed == 1 else "s" }} computed in
{{ all.wall_s | duration }} of wall time summed over the jobs
({{ all.cpu_s | duration }} of CPU time), {{ all.restored | number }} restored from the store.
Times, peaks and energy in the sums are of the computed jobs.</p>
{{ totals("Cost by stage", "stage", stages, all) }}
{{ totals("Cost by host", "host", hosts, none) }}
{% if asked %}{{ asked_table(asked) }}{% endif %}
<details{% if jobs | length <= 40 %} open{% endif %}>
<summary>All {{ jobs | length | number }} jobs</summary>
{{ open_table("Cost of every job", false, "sortable") }}
<thead><tr><th scope="col">stage</th><th scope="col">job</th><th scope="col">status</th>
<th scope="col" class="num">wall</th><th scope="col" class="num">CPU</th>
<th scope="col" class="num">threads</th><th scope="col" class="num">peak RSS</th>
<th scope="col" class="num">images/s</th><th scope="col">GPU</th>
<th scope="col" class="num">GPU memory</th><th scope="col" class="num">GPU busy</th>
<th scope="col" class="num">GPU energy</th><th scope="col">host</th>
<th scope="col">started</th></tr></thead>
<tbody>
{% for job in jobs %}
<tr><th scope="row">{{ job.stage }}</th><td class="target">{{ job.target }}</td>
<td>{{ "restored" if job.restored else "computed" }}</td>
<td class="num" data-sort="{{ job.wall_s | sort_value }}">{{ job.wall_s | duration }}</td>
<td class="num" data-sort="{{ job.cpu_s | sort_value }}">{{ job.cpu_s | duration }}</td>
<td class="num" data-sort="{{ job.threads | sort_value }}">{{ job.threads | number }}</td>
<td class="num" data-sort="{{ job.peak_rss_mb | sort_value }}">{{ job.peak_rss_mb | memory }}</td>
<td class="num" data-sort="{{ job.images_per_s | sort_value }}">{{ job.images_per_s | number(1) }}
</td><td class="nowrap">{{ job.gpu or "none" }}</td>
<td class="num" data-sort="{{ job.gpu_memory_mb | sort_value }}">{{ job.gpu_memory_mb | memory }}
</td><td class="num" data-sort="{{ job.gpu_utilisation | sort_value }}">
{{- job.gpu_utilisation | percent }}</td>
<td class="num" data-sort="{{ job.energy_j | sort_value }}">{{ job.energy_j | energy }}</td>
<td class="nowrap">{{ job.host }}</td><td class="nowrap">{{ job.started }}</td></tr>
{% endfor %}
</tbody>
{{ close_table() }}
</details>
{% else %}<p class="soft">No job left a cost.</p>{% endif %}
</section>
{% endmacro %}

{%- macro pairs(label, first, second, rows) %}
{{ open_table(label) }}
<thead><tr><th scope="col">{{ first }}</th><th scope="col">{{ second }}</th></tr></thead>
<tbody>
{% for name, value in rows %}
<tr><th scope="row">{{ name }}</th><td><code>{{ value }}</code></td></tr>
{% endfor %}
</tbody>
{{ close_table() }}
{% endmacro %}

{%- macro manifest_section(m) %}
<section id="manifest" aria-labelledby="manifest-title">
<h2 id="manifest-title">Manifest</h2>
<p>What the figures depend on besides the data.
Commit: {% if m.commit %}<code>{{ m.commit }}</code>{% else %}not in a repository{% endif %}.</p>
{% if m.code %}<details><summary>Digests of the code</summary>
{{ pairs("Digest of the code that each rule runs", "rule", "digest", m.code | dictsort) }}
</details>{% endif %}
{% if m.packages %}<details><summary>Package versions</summary>
{{ pairs("Versions of the packages", "package", "version", m.packages | dictsort) }}
</details>{% endif %}
{% if m.config %}<details><summary>Configuration</summary>
<pre tabindex="0"><code>{{ m.config }}</code></pre></details>{% endif %}
</section>
{% endmacro %}
"""

BODY = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{% if any_generated %}[generated data] {% endif %}{{ title }}</title>
<style>{{ css }}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="frame">
<header>
<h1>{{ title }}</h1>
<p class="lede">Segmentation benchmarks computed by segbench from <code>{{ config }}</code>:
from the publishers&rsquo; file formats to the tables below, in one workflow.</p>
{% if any_generated %}
<p class="banner generated"><strong>This page shows generated data.</strong>
{% if all_generated %}All its studies run on miniatures made by a program in the publishers&rsquo;
formats.{% else %}The studies marked so run on miniatures made by a program in the publishers&rsquo;
formats; the others on the publishers&rsquo; files.{% endif +%}
Figures on generated data cannot be compared with published ones.</p>
{% endif %}
</header>
<div class="columns">
<nav aria-labelledby="contents"><h2 id="contents">Contents</h2>
<ol>
<li><a href="#overview">Overview</a></li>
{% for s in studies %}<li><a href="#{{ s.anchor }}">{{ s.title }}</a></li>
{% endfor %}
{% if datasets %}<li><a href="#data">Datasets</a>
<ol>{% for d in datasets %}<li><a href="#{{ d.anchor }}">{{ d.dataset.title }}</a></li>
{% endfor %}</ol></li>{% endif +%}
<li><a href="#cost">What ran, where and for how long</a></li>
<li><a href="#manifest">Manifest</a></li>
</ol></nav>
<main id="content">
<section id="overview" aria-labelledby="overview-title">
<h2 id="overview-title">Overview</h2>
{% if studies %}
{{ open_table("The studies on this page") }}
<thead><tr><th scope="col">study</th><th scope="col">data</th><th scope="col">question</th>
<th scope="col">dataset</th></tr></thead>
<tbody>
{% for s in studies %}
<tr><th scope="row"><a href="#{{ s.anchor }}">{{ s.title }}</a></th>
<td>{{ data_badge(s.dataset.generated) }}</td>
<td class="words">{{ s.question }}</td><td>{{ s.dataset.title }}</td></tr>
{% endfor %}
</tbody>
{{ close_table() }}
{% else %}<p>The configuration names no study.</p>{% endif %}
</section>
{% for s in studies %}{{ study(s) }}{% endfor %}
{% if datasets %}{{ data_section(datasets) }}{% endif %}
{{ cost_section(jobs, stages, hosts, total, asked) }}
{{ manifest_section(manifest) }}
</main>
</div>
<footer class="soft"><p>Made by segbench. The page and its folder <code>assets</code> are all there
is: nothing is loaded from elsewhere.</p></footer>
</div>
<script>{{ js }}</script>
</body>
</html>
"""

TEMPLATE = MACROS + STUDY + DATA + COST + BODY
