//! One call, from name and argument text to result text: through the toolset, and through a table
//! written by hand (a `HashMap` of boxed async handlers over serde structs).

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing, reason = "a bench")]

mod support;

use agent_core::{ToolCall, Toolset, tools};
use std::hint::black_box;
use std::sync::Arc;
use support::call::{ORDER, PUT, add, add_pure, by_hand, order, put};
use support::{compare, judge, runtime};

macro_rules! many {
    ($($name:ident)*) => {
        mod many {
            $(
                /// One of many.
                #[agent_core::tool(read, inline)]
                pub(super) fn $name(a: i64, b: i64) -> i64 { a * b }
            )*
        }
        fn sixteen() -> Toolset { many!(@first $($name)*) }
        fn all() -> Toolset { tools![add, add_pure, order, put, $(many::$name),*].into() }
    };
    (@first $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $i:ident $j:ident $k:ident $l:ident $m:ident $($rest:ident)*) => {
        tools![add, add_pure, order, put, many::$a, many::$b, many::$c, many::$d, many::$e, many::$f, many::$g, many::$h, many::$i, many::$j, many::$k, many::$l, many::$m].into()
    };
}
many! {
    t000 t001 t002 t003 t004 t005 t006 t007 t008 t009 t010 t011 t012 t013 t014 t015 t016 t017
    t018 t019 t020 t021 t022 t023 t024 t025 t026 t027 t028 t029 t030 t031 t032 t033 t034 t035
    t036 t037 t038 t039 t040 t041 t042 t043 t044 t045 t046 t047 t048 t049 t050 t051 t052 t053
    t054 t055 t056 t057 t058 t059 t060 t061 t062 t063 t064 t065 t066 t067 t068 t069 t070 t071
    t072 t073 t074 t075 t076 t077 t078 t079 t080 t081 t082 t083 t084 t085 t086 t087 t088 t089
    t090 t091 t092 t093 t094 t095 t096 t097 t098 t099 t100 t101 t102 t103 t104 t105 t106 t107
    t108 t109 t110 t111 t112 t113 t114 t115 t116 t117 t118 t119 t120 t121 t122 t123 t124 t125
    t126 t127 t128 t129 t130 t131 t132 t133 t134 t135 t136 t137 t138 t139 t140 t141 t142 t143
    t144 t145 t146 t147 t148 t149 t150 t151 t152 t153 t154 t155 t156 t157 t158 t159 t160 t161
    t162 t163 t164 t165 t166 t167 t168 t169 t170 t171 t172 t173 t174 t175 t176 t177 t178 t179
    t180 t181 t182 t183 t184 t185 t186 t187 t188 t189 t190 t191 t192 t193 t194 t195 t196 t197
    t198 t199 t200 t201 t202 t203 t204 t205 t206 t207 t208 t209 t210 t211 t212 t213 t214 t215
    t216 t217 t218 t219 t220 t221 t222 t223 t224 t225 t226 t227 t228 t229 t230 t231 t232 t233
    t234 t235 t236 t237 t238 t239 t240 t241 t242 t243 t244 t245 t246 t247 t248 t249 t250 t251
    t252
}

fn main() {
    let small: Arc<str> = r#"{"a":20,"b":22}"#.into();
    let large: Arc<str> = ORDER.into();
    let keyed: Arc<str> = PUT.into();
    let alone: [fn() -> Toolset; 4] = [
        || tools![add].into(),
        || tools![add_pure].into(),
        || tools![order].into(),
        || tools![put].into(),
    ];
    for tools in ["1 tool", "16 tools", "256 tools"] {
        println!("\n{tools}");
        for (alone, (name, by_hand, text, most)) in alone.into_iter().zip([
            ("add", "add", &small, 3.0),
            ("add_pure", "add", &small, 3.0),
            ("order", "order", &large, 1.35),
            ("put", "put", &keyed, 2.0),
        ]) {
            let toolset = match tools {
                "1 tool" => alone(),
                "16 tools" => sixteen(),
                _ => all(),
            };
            measure(&toolset, (name, by_hand), text, most);
        }
    }
}

fn measure(toolset: &Toolset, (name, name_by_hand): (&str, &str), text: &Arc<str>, most: f64) {
    let runtime = runtime();
    let names = toolset.names().chain([name_by_hand]).map(str::to_owned);
    let table = by_hand(names);
    let mut hand = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                let handler = &table[black_box(name_by_hand)];
                black_box(handler(black_box(text)).await.expect("a result"));
            }
        });
    };
    let (caller, call) = (toolset.caller(), ToolCall::new("call_1", name, text.clone()));
    let mut ours = |times: u32| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(caller.call(black_box(&call)).await);
            }
        });
    };
    let times = if name == "order" { 4_000 } else { 40_000 };
    let [hand_ns, ours_ns] = compare(times, [&mut hand, &mut ours]);
    println!("{name}: by hand {hand_ns:.0} ns, through the table {ours_ns:.0} ns");
    judge(&format!("{name}: times the table by hand"), ours_ns / hand_ns, most);
}
