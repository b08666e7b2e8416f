"""Some sentences in several scripts, in which nothing is said twice."""

# ruff: noqa: RUF001 # letters that look like Latin ones are meant as they are

PARAGRAPHS = {
    "English": (
        "In the morning my sister went to the market by the river and bought bread and cheese.",
        "It had rained all night, so the streets were wet and hardly anybody was outside.",
        "On her way home she met our old teacher, who asked her how all of us were.",
        "They talked for a while about the school, the new bridge and the long winter to come.",
    ),
    "Russian": (
        "Утром моя сестра пошла на рынок у реки и купила яблок, хлеба и немного сыра.",
        "Всю ночь шёл дождь, поэтому улицы были мокрые и на них почти никого не было.",
        "По дороге домой она встретила нашего старого учителя, который спросил, как мы живём.",
        "Они долго говорили о школе, о новом мосте и о длинной зиме, которая уже близко.",
    ),
    "French": (
        "Le matin, ma sœur est allée au marché près de la rivière et a acheté du pain frais.",
        "Il avait plu toute la nuit, les rues étaient mouillées et presque désertes.",
        "En rentrant, elle a rencontré notre vieil instituteur, qui a demandé où nous étions.",
        "Ils ont parlé de l’école, du nouveau pont et du long hiver qui s’annonçait déjà.",
    ),
    "Arabic": (
        "في الصباح ذهبت أختي إلى السوق قرب النهر واشترت تفاحا وخبزا وقليلا من الجبن.",
        "كان المطر قد هطل طوال الليل، فكانت الشوارع مبللة ولم يكن في الخارج أحد تقريبا.",
        "وفي طريق العودة التقت معلمنا القديم الذي سألها كيف حال الجميع في البيت؟",
        "تحدثا طويلا عن المدرسة والجسر الجديد والشتاء القادم.",
    ),
    "Hindi": (
        "सुबह मेरी बहन नदी के पास वाले बाज़ार गई और सेब, रोटी और थोड़ा पनीर ले आई।",
        "रात भर बारिश हुई थी, इसलिए सड़कें गीली थीं और बाहर शायद ही कोई दिखता था।",
        "लौटते समय उसे हमारे पुराने अध्यापक मिले, जिन्होंने पूछा कि हम सब कैसे हैं।",
        "दोनों ने देर तक स्कूल, नए पुल और आने वाली लंबी सर्दी की बातें कीं।",
        "शाम को पिता ने चूल्हा जलाया और दादी ने हमें एक पुरानी कहानी सुनाई।",
    ),
    "Tamil": (
        "காலையில் என் தங்கை ஆற்றங்கரையில் உள்ள சந்தைக்குச் சென்று பழமும் ரொட்டியும் வாங்கினாள்.",
        "இரவு முழுவதும் மழை பெய்ததால் தெருக்கள் ஈரமாக இருந்தன, வெளியே யாரும் இல்லை.",
        "திரும்பும் வழியில் எங்கள் பழைய ஆசிரியரைச் சந்தித்தாள், அவர் எங்களைப் பற்றிக் கேட்டார்.",
        "பள்ளி, புதிய பாலம், வரப்போகும் குளிர்காலம் பற்றி இருவரும் நீண்ட நேரம் பேசினார்கள்.",
    ),
    "Georgian": (
        "დილით ჩემი და მდინარის პირას ბაზარში წავიდა და ვაშლი, პური და ცოტა ყველი იყიდა.",
        "მთელი ღამე წვიმდა, ამიტომ ქუჩები სველი იყო და გარეთ თითქმის არავინ ჩანდა.",
        "შინ მიმავალს ჩვენი ძველი მასწავლებელი შეხვდა, რომელმაც ჰკითხა, როგორ ვიყავით.",
        "ისინი დიდხანს საუბრობდნენ სკოლაზე, ახალ ხიდზე და გრძელ ზამთარზე.",
    ),
    "Korean": (
        "아침에 여동생은 강가에 있는 시장에 가서 사과와 빵과 치즈를 조금 샀다.",
        "밤새 비가 내려서 길은 젖어 있었고 밖에는 거의 아무도 없었다.",
        "집으로 돌아오는 길에 옛 선생님을 만났는데 우리가 어떻게 지내는지 물으셨다.",
    ),
    "Chinese": (
        "早上我妹妹去了河边的市场，买了苹果、面包和一点奶酪。",
        "昨夜下了一整晚的雨，所以街道很湿，外面几乎没有人。",
        "回家的路上她遇见了我们的老教师，他问我们过得怎么样。",
        "他们聊了很久，谈到学校、新修的桥和即将到来的漫长冬天。",
    ),
    "Thai": (
        "ตอนเช้าน้องสาวของฉันไปตลาดริมแม่น้ำและซื้อแอปเปิลกับขนมปังและชีสเล็กน้อย",
        "ฝนตกทั้งคืน ถนนจึงเปียกและแทบไม่มีใครอยู่ข้างนอก",
        "ระหว่างทางกลับบ้านเธอพบครูเก่าของเรา ครูถามว่าพวกเราสบายดีไหม",
        "ทั้งสองคุยกันนานเรื่องโรงเรียน สะพานใหม่ และฤดูหนาวอันยาวนานที่กำลังจะมาถึง",
    ),
}


def paragraph(script: str) -> str:
    """Return the sentences of a script as they are written one after the other."""
    return say(*PARAGRAPHS[script])


def say(*sentences: str) -> str:
    """Return sentences with a space between them, unless they are Chinese."""
    return " ".join(sentences).replace("。 ", "。")
