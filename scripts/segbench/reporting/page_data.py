"""The page's section on the datasets, as macros of its template."""

from __future__ import annotations

DATA = """
{%- macro dataset_facts(e) %}
{% set d = e.dataset %}{% set n = e.summary %}
<dl class="facts">
<dt>Name</dt><dd>{{ d.title }} (<code>{{ d.name }}</code>) {{ data_badge(d.generated) }}</dd>
<dt>Task</dt><dd>{{ d.task }}</dd>
<dt>Source</dt><dd>{{ d.source | linked }}</dd>
<dt>Licence</dt><dd>{{ d.licence | linked }}</dd>
<dt>Citation</dt><dd>{{ d.citation | linked }}</dd>
<dt>Samples</dt><dd>{{ n.samples | number }} in {{ n.groups | number }} group
{{- "" if n.groups == 1 else "s" }}; a group never parts in a split</dd>
<dt>Publisher&rsquo;s split</dt>
<dd>{% for name, count in n.splits %}{{ count | number }} {{ name or "unnamed" }}
{{- "" if loop.last else ", " }}{% else %}none{% endfor %}</dd>
<dt>Objects</dt><dd>{{ n.objects | number }}; median {{ n.objects_median | number(1) }}
per sample that is not blank</dd>
<dt>Blank samples</dt><dd>{{ n.blanks | number }}</dd>
<dt>Duplicates</dt>
<dd>{% if n.duplicates %}{{ n.duplicates | number }} samples in {{ n.duplicate_sets | number }}
set{{ "" if n.duplicate_sets == 1 else "s" }} of byte-identical images{% else %}none
{%- endif %}</dd>
<dt>Pixel size</dt><dd>{{ n.spacing[:6] | join("; ") or "unknown" }}
{%- if n.spacing | length > 6 %}; {{ n.spacing | length - 6 }} more{% endif %}</dd>
</dl>
{{ open_table("Samples of " ~ d.name ~ " by image size, pixel type and class", d.generated) }}
<thead><tr><th scope="col">property</th><th scope="col">value</th>
<th scope="col" class="num">samples</th></tr></thead>
{% for name, all in (("size (height \u00d7 width, px)", n.sizes), ("pixels", n.kinds),
                     ("contains class", n.classes)) if all %}
{% set rows = all if name == "contains class" else all[:most_rows] %}
<tbody>
{% for value, count in rows %}
<tr>{% if loop.first %}<th scope="rowgroup" rowspan="
{{- rows | length + (1 if rows | length < all | length else 0) }}">{{ name }}</th>{% endif %}
<td>{{ value }}</td><td class="num">{{ count | number }}</td></tr>
{% endfor %}
{% if rows | length < all | length %}
<tr><td>{{ all | length - rows | length }} others</td>
<td class="num">{{ all[most_rows:] | sum(attribute=1) | number }}</td></tr>
{% endif %}
</tbody>
{% endfor %}
{{ close_table() }}
{% endmacro %}

{%- macro class_table(e) %}
{{ open_table("Balance of the classes of " ~ e.dataset.name, e.dataset.generated) }}
<thead><tr><th scope="col">class</th><th scope="col" class="num">samples</th>
<th scope="col" class="num">% of samples</th>
{% if e.explored.pixels %}<th scope="col" class="num">% of masks</th>
<th scope="col" class="num">% of pixels</th><th scope="col" class="num">objects</th>
<th scope="col" class="num">median size</th>{% endif %}</tr></thead>
<tbody>
{% for row in e.explored.classes %}
<tr><th scope="row">{{ row.name }}</th><td class="num">{{ row.samples | number }}</td>
<td class="num">{{ row.share_of_samples | per_cent }}</td>
{% if e.explored.pixels %}<td class="num">{{ row.share_of_masks | per_cent }}</td>
<td class="num">{{ row.share_of_pixels | per_cent }}</td>
<td class="num">{{ row.objects | number }}</td><td class="num">{{ row.size or "\u2013" }}</td>
{% endif %}</tr>
{% endfor %}
</tbody>
{{ close_table() }}
{% endmacro %}

{%- macro exploration(e) %}
<details class="exploration"><summary>Exploration: what the images and labels look like</summary>
<dl class="facts">
{% for name, value in e.explored.facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>
{% endfor %}
</dl>
{% if e.explored.classes %}{{ class_table(e) }}
{% if e.explored.pixels %}<p class="note">% of masks: of all masks that are not empty, one a sample
and class.</p>{% endif %}{% endif %}
{% if e.explored.intensities %}
{{ open_table("Intensities of " ~ e.dataset.name ~ " as stored, every image counting the same",
              e.dataset.generated) }}
<thead><tr><th scope="col">channel</th><th scope="col" class="num">smallest</th>
<th scope="col" class="num">5 %</th><th scope="col" class="num">median</th>
<th scope="col" class="num">95 %</th><th scope="col" class="num">largest</th></tr></thead>
<tbody>
{% for channel, values in e.explored.intensities %}
<tr><th scope="row">{{ channel }}</th>{% for value in values %}<td class="num">{{ value }}</td>
{% endfor %}</tr>
{% endfor %}
</tbody>
{{ close_table() }}
{% endif %}
{% for shown in e.pictures %}<h4>{{ shown.title }}</h4>{{ figure(shown, e.dataset.generated) }}
{% endfor %}
</details>
{% endmacro %}

{%- macro data_section(datasets) %}
<section id="data" aria-labelledby="datasets-title">
<h2 id="datasets-title">Datasets</h2>
{% for e in datasets %}
<h3 id="{{ e.anchor }}">{{ e.dataset.title }}</h3>
{{ dataset_facts(e) }}
{% if e.explored %}{{ exploration(e) }}{% endif %}
{% endfor %}
</section>
{% endmacro %}
"""
