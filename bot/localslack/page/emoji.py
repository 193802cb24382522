"""Short names of the emoji that on-call messages use. An unknown one is shown as its `:name:`."""

_TABLE = """
+1 👍  -1 👎  100 💯  adhesive_bandage 🩹  alarm_clock ⏰  anger 💢  arrow_down ⬇️  arrow_double_down ⏬
arrow_double_up ⏫  arrow_forward ▶️  arrow_left ⬅️  arrow_right ➡️  arrow_up ⬆️  ballot_box_with_check ☑️
bar_chart 📊  bell 🔔  black_circle ⚫  blue_circle 🔵  blue_heart 💙  bomb 💣  book 📖  bookmark 🔖  books 📚
boom 💥  brain 🧠  bug 🐛  building_construction 🏗️  bulb 💡  bust_in_silhouette 👤  busts_in_silhouette 👥
calendar 📅  chart_with_downwards_trend 📉  chart_with_upwards_trend 📈  checkered_flag 🏁  clap 👏  clipboard 📋
clock1 🕐  clock3 🕒  closed_lock_with_key 🔐  construction 🚧  coffee ☕  cop 👮  credit_card 💳  cry 😢
crystal_ball 🔮  dart 🎯  door 🚪  double_vertical_bar ⏸️  ear 👂  electric_plug 🔌  email ✉️  end 🔚
envelope ✉️  exclamation ❗  eyes 👀  face_with_monocle 🧐  fast_forward ⏩  fire 🔥  fire_engine 🚒
fire_extinguisher 🧯  firefighter 🧑‍🚒  fishing_pole_and_fish 🎣  flashlight 🔦  floppy_disk 💾  gear ⚙️  ghost 👻
globe_with_meridians 🌐  goal_net 🥅  green_circle 🟢  green_heart 💚  grey_question ❔  grinning 😀  hammer 🔨
hammer_and_wrench 🛠️  handshake 🤝  heart ❤️  heavy_check_mark ✔️
heavy_exclamation_mark ❗  helmet_with_white_cross ⛑️  hourglass ⌛  hourglass_flowing_sand ⏳  hugging_face 🤗
joy 😂  key 🔑  label 🏷️  ladder 🪜  large_blue_circle 🔵  large_green_circle 🟢
large_orange_circle 🟠  large_yellow_circle 🟡  large_purple_circle 🟣  leftwards_arrow_with_hook ↩️  link 🔗
lock 🔒  loud_sound 🔊  loudspeaker 📢  mag 🔍  mag_right 🔎  mega 📣  memo 📝  microscope 🔬  money_with_wings 💸
mute 🔇  new 🆕  newspaper 📰  no_bell 🔕  no_entry ⛔  no_entry_sign 🚫  octagonal_sign 🛑  ok ✅  ok_hand 👌
open_file_folder 📂  orange_circle 🟠  package 📦  page_facing_up 📄  pager 📟  paperclip 📎  party_popper 🎉
partying_face 🥳  pause_button ⏸️  pencil ✏️  pencil2 ✏️  phone ☎️  point_down 👇  point_right 👉  point_up 👆
police_car_light 🚨  pray 🙏  pushpin 📌  question ❓  raised_hand ✋  raised_hands 🙌  recycle ♻️  red_circle 🔴
repeat 🔁  rescue_worker_helmet ⛑️  rewind ⏪  robot_face 🤖  rocket 🚀  rotating_light 🚨  round_pushpin 📍
runner 🏃  running 🏃  sandglass ⌛  satellite 📡  scales ⚖️  scream 😱  scroll 📜  see_no_evil 🙈  seedling 🌱
shield 🛡️  shrug 🤷  siren 🚨  sleeping 😴  slightly_smiling_face 🙂  small_blue_diamond 🔹  small_orange_diamond 🔸
smile 😄  smiley 😃  sos 🆘  sparkles ✨  speech_balloon 💬  star ⭐  stopwatch ⏱️  sunglasses 😎  sunny ☀️
tada 🎉  telephone ☎️  telephone_receiver 📞  test_tube 🧪  thinking_face 🤔  thumbsdown 👎  thumbsup 👍  ticket 🎫
timer_clock ⏲️  toolbox 🧰  traffic_light 🚥  trophy 🏆  twisted_rightwards_arrows 🔀  umbrella ☂️  unlock 🔓  up 🆙
vertical_traffic_light 🚦  warning ⚠️  wastebasket 🗑️  watch ⌚  wave 👋  wheelchair ♿  white_check_mark ✅
white_circle ⚪  white_large_square ⬜  world_map 🗺️  wrench 🔧  writing_hand ✍️  x ❌  yellow_circle 🟡  zap ⚡
zzz 💤  black_square_button 🔲  radio_button 🔘  small_red_triangle 🔺  small_red_triangle_down 🔻  bow 🙇
studio_microphone 🎙️  performing_arts 🎭  mortar_board 🎓  game_die 🎲  jigsaw 🧩  cyclone 🌀  ambulance 🚑
"""

# Written by code point: the signs themselves look like ASCII to a linter and to a reader.
_LOOKALIKES = {"heavy_minus_sign": "\u2796", "heavy_plus_sign": "\u2795", "information_source": "\u2139\ufe0f"}

EMOJI: dict[str, str] = {
    name: sign for entry in _TABLE.replace("\n", "  ").split("  ") if entry for name, sign in [entry.split(" ")]
} | _LOOKALIKES
QUICK = ("white_check_mark", "eyes", "pushpin", "ballot_box_with_check", "memo", "+1", "pray", "tada", "fire", "x")


def sign(name: str) -> str | None:
    """The character for a short name; skin tones are left off."""
    return EMOJI.get(name.partition("::")[0])
